import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: ".",
  plugins: [react()],
  // For `tools/stories.py`, which says where to.
  build: { target: "es2022", rolldownOptions: { input: "stories/index.html" } },
});
