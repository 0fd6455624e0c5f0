export default {
  mode: "production",
  entry: { app: ["../app/app.js", "../app/index.html"] },
  output: { filename: "[name].js", module: true, clean: true },
  experiments: { outputModule: true },
  module: {
    rules: [{ test: /\.html$/, type: "asset/resource", generator: { filename: "[name][ext]" } }],
  },
};
