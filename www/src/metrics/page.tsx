export function Page() {
  return <div class="page" />;
}
