import { defineConfig } from 'vitest/config';

const api = process.env.ALERT_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // Addresses are relative, so the page also works below a path of a proxy.
  base: './',
  build: {
    outDir: process.env.DASHBOARD_OUT ?? '../alert-api/wwwroot',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/api': api,
      '/openapi': api,
      '/hubs': { target: api, ws: true },
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
  },
});
