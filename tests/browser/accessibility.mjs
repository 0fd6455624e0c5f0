// What axe-core says of a page.
import axe from "axe-core";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Each width and each scheme once: colours don't depend on the width. */
const LOOKS = [
  ["phone, dark", PHONE, "dark"],
  ["desktop, light", DESKTOP, "light"],
];

/** Runs `look` on a phone in dark and on a desktop in light, with the name of the combination; the desktop stays. */
export async function inEveryLook(page, look) {
  for (const [name, viewport, colorScheme] of LOOKS) {
    await page.setViewportSize(viewport);
    // A colour on its way to another would be measured as it is in between.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await look(name);
  }
}

/** The rules that the page breaks as it is now, each with the elements that do. */
export async function findings(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}
