package io.adapt4j.serve;

import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Shadows;
import io.adapt4j.serve.internal.chat.ChatEndpoint;
import io.adapt4j.serve.internal.classify.ClassifyEndpoint;
import io.adapt4j.serve.internal.completion.CompletionEndpoint;
import io.adapt4j.serve.internal.embedding.EmbeddingEndpoint;
import io.adapt4j.serve.internal.gateway.Load;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.mcp.McpEndpoint;
import io.adapt4j.serve.internal.mcp.McpMessages;
import io.adapt4j.serve.internal.mcp.McpTools;
import io.adapt4j.serve.internal.model.Models;
import io.adapt4j.serve.internal.response.Conversations;
import io.adapt4j.serve.internal.response.ConversationsEndpoint;
import io.adapt4j.serve.internal.response.ResponsesEndpoint;
import io.adapt4j.serve.internal.response.StoredResponsesEndpoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Endpoints of a server, and the threads that compute for them. */
final class Served implements AutoCloseable {

  private final AnswerPool answering;
  private final AnswerPool computing;
  private final Shadows shadows;
  private final Map<String, Endpoint> endpoints = new HashMap<>();
  private final McpMessages messages;
  private final Conversations conversations;

  Served(
      Models models,
      Limits limits,
      Optional<AnswerRecorder> to,
      Consumer<ServedRequest> telemetry,
      List<String> searchable,
      Conversations conversations) {
    this.conversations = conversations;
    this.answering = new AnswerPool(limits);
    this.computing = new AnswerPool(limits);
    this.shadows = new Shadows(limits);
    endpoints.put("/v1/chat/completions", new ChatEndpoint(models, answering, limits, shadows, to));
    endpoints.put(
        "/v1/completions", new CompletionEndpoint(models, answering, limits, shadows, to));
    endpoints.put(
        "/v1/responses",
        new ResponsesEndpoint(models, answering, limits, shadows, to, conversations));
    if (conversations.isOn()) {
      Endpoint stored = new ConversationsEndpoint(conversations);
      endpoints.put("/v1/responses/", new StoredResponsesEndpoint(conversations));
      endpoints.put("/v1/conversations", stored);
      endpoints.put("/v1/conversations/", stored);
    }
    endpoints.put("/v1/embeddings", new EmbeddingEndpoint(models, computing));
    endpoints.put("/v1/rerank", new RerankEndpoint(models, computing));
    endpoints.put("/v1/classify", new ClassifyEndpoint(models, computing));
    endpoints.put("/v1/audio/transcriptions", new AudioEndpoint(models, computing, false));
    endpoints.put("/v1/audio/translations", new AudioEndpoint(models, computing, true));
    endpoints.put("/v1/rag/ask", new AskEndpoint(models, answering, to));
    to.ifPresent(recorder -> endpoints.put("/v1/feedback", new FeedbackEndpoint(recorder)));
    if (telemetry instanceof RequestTracing tracing) {
      endpoints.replaceAll((path, endpoint) -> new TracedEndpoint(endpoint, tracing));
    }
    Map<String, Endpoint> callable = new HashMap<>(endpoints);
    callable.put(McpTools.SEARCH, new SearchEndpoint(models, computing));
    this.messages = new McpMessages(new McpTools(models, callable, searchable));
  }

  /** The endpoints by path. Pages of the given origins may use the tools. */
  Map<String, Endpoint> endpoints(Set<String> origins) {
    Map<String, Endpoint> all = new HashMap<>(endpoints);
    all.put("/mcp", new McpEndpoint(messages, Set.copyOf(origins)));
    return all;
  }

  /** Answers to messages of the Model Context Protocol. */
  McpMessages messages() {
    return messages;
  }

  Load load() {
    return new Load(() -> answering.running() + computing.running(), shadows::counts);
  }

  /** Computes no more copies of answered requests. */
  void refuse() {
    shadows.close();
  }

  /** Cancels all answers, including future ones. */
  void cancelAll() {
    answering.cancelAll();
    computing.cancelAll();
  }

  @Override
  public void close() {
    refuse();
    answering.close();
    computing.close();
    conversations.close();
  }
}
