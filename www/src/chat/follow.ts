// Keeps the end of the page in view while an answer comes, unless the reader has scrolled away from it.
let following = true;

addEventListener("scroll", () => {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  following = scrollHeight - scrollTop - clientHeight < 80;
});

/** Goes to the end, and stays there. */
export function followEnd(): void {
  following = true;
}

/** To be called after the page has grown. */
export function scrollIfFollowing(): void {
  if (following) document.documentElement.scrollTop = document.documentElement.scrollHeight;
}
