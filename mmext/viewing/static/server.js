// What the page asks of its server.

/** An answer as JSON; a refusal throws the line that the server says. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('mmext view does not answer any more; has it ended?');
  }
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

export function saveVerdict(candidate, verdict) {
  const {id, kind} = candidate;
  return ask('/verdict', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({id, kind, rank: candidate.rank ?? null, verdict}),
  });
}
