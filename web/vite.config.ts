// Two entries: the call page (React) and the Django pages (small scripts and their style sheet).
// Django reads dist/.vite/manifest.json; nothing is loaded from another host.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { trimLibraries } from "./scripts/trim_libraries.ts";

export default defineConfig({
  base: "/static/",
  plugins: [trimLibraries(), react()],
  build: {
    outDir: "dist",
    manifest: true,
    target: "es2022",
    // Everything is a file of its own: the content-security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: ["src/pages/call.tsx", "src/pages/site.ts", "src/styles/site.css"],
    },
  },
});
