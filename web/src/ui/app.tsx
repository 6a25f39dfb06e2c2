/** The whole page. */
export function App() {
  return <main>GoChat</main>;
}
