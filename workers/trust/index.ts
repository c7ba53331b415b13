export default { fetch: (): Response => new Response("Not Found\n", { status: 404 }) };
