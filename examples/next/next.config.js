/** @type {import("next").NextConfig} */
export default {
  // Files that any web server can serve, in `out`.
  output: "export",
};
