// Strict types, accessible views, and the direction of imports (see ARCHITECTURE.md):
// features -> call -> live | chat | engine -> wire | devices; nothing below features knows React.
import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const LAYERS = ["timing", "wire", "devices", "text", "live", "chat", "engine", "call"];
/** What each room may import besides itself. */
const MAY_IMPORT = {
  timing: [],
  wire: [],
  text: [],
  devices: [],
  live: ["wire", "timing"],
  chat: ["wire", "timing", "live"],
  engine: ["devices", "timing"],
  call: ["timing", "wire", "devices", "text", "live", "chat", "engine"],
};
const REACT = ["react", "react-dom", "react-dom/*", "react-aria-components", "@phosphor-icons/react"];

const zones = [
  ...Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
    target: `./src/${room}`,
    from: "./src",
    except: [`./${room}`, ...allowed.map((one) => `./${one}`)],
  })),
  { target: "./src/components", from: "./src", except: ["./components", ...LAYERS.map((one) => `./${one}`)] },
  {
    target: "./src/features",
    from: "./src",
    // What only one of them needs of the style sheets comes with it.
    except: ["./features", "./components", "./styles", ...LAYERS.map((one) => `./${one}`)],
  },
];

export default tseslint.config(
  { ignores: ["dist", "src/wire/live.gen.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  reactHooks.configs.flat.recommended,
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js", "scripts/*.mjs"] } },
    },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver({ project: "./tsconfig.json" })] },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Take random numbers as an argument." },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Numbers are as clear in a template as text is.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `void task()` is how a task that answers for its own errors is started.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      "jsx-a11y/label-has-associated-control": ["error", { depth: 3 }],
      // Cameras carry no captions; live ones come with their own feature.
      "jsx-a11y/media-has-caption": "off",
    },
  },
  {
    files: LAYERS.map((layer) => `src/${layer}/**/*.ts`),
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: REACT, message: "State and protocol know no React." }] },
      ],
    },
  },
  { files: ["src/**/*.test.ts"], rules: { "import-x/no-restricted-paths": "off" } },
  {
    files: ["src/pages/*.tsx", "src/pages/**/*.ts", "stories/**"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["scripts/*.mjs", "*.config.*"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { ...globals.node } },
  },
);
