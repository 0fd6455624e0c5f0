// What axe-core says of a page.
import axe from "axe-core";

/** Runs `look` on a desktop and on a phone, in light and in dark, with the name of the combination. */
export async function inEveryLook(page, look) {
  for (const [device, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(viewport);
      // A colour on its way to another would be measured as it is in between.
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await look(`${device}, ${colorScheme}`);
    }
  }
}

/** The rules that the page breaks as it is now, each with the elements that do. */
export async function findings(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}
