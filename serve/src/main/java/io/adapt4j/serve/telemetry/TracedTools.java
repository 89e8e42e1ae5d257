package io.adapt4j.serve.telemetry;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.tools.ToolAnswer;
import io.adapt4j.tools.ToolCall;
import io.adapt4j.tools.ToolObserver;
import io.adapt4j.tools.ToolRun;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Conversations with tools as spans: the agent, its answers and its tools. */
record TracedTools(
    Spans spans, String agent, String model, DoubleHistogram agents, DoubleHistogram tools)
    implements ToolObserver {

  private static final AttributeKey<String> AGENT = AttributeKey.stringKey("gen_ai.agent.name");
  private static final AttributeKey<String> TOOL = AttributeKey.stringKey("gen_ai.tool.name");

  @Override
  public ToolRun running(Supplier<ToolRun> run) {
    return spans.run(
        "invoke_agent " + agent, spans.operation("invoke_agent", AGENT, agent), agents, run);
  }

  @Override
  public ToolAnswer answering(List<ChatMessage> messages, Supplier<ToolAnswer> answer) {
    return spans.chat(
        model,
        messages,
        answer,
        given -> Spans.Said.one(given.message(), given.finishReason(), usage(given.generation())));
  }

  static Optional<TokenUsage> usage(Generation answer) {
    return Optional.of(new TokenUsage(answer.promptTokens(), answer.tokenIds().size()));
  }

  @Override
  public String calling(ToolCall call, Supplier<String> result) {
    return spans.run(
        "execute_tool " + call.name(),
        spans.operation("execute_tool", TOOL, call.name()),
        tools,
        () -> {
          Span span = Span.current();
          span.setAttribute("gen_ai.tool.call.id", call.id());
          span.setAttribute("gen_ai.tool.type", "function");
          if (!spans.hasContents()) {
            return result.get();
          }
          span.setAttribute("gen_ai.tool.call.arguments", call.arguments());
          String given = result.get();
          span.setAttribute("gen_ai.tool.call.result", given);
          return given;
        });
  }
}
