package io.adapt4j.serve.telemetry;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.rag.trace.TraceListener;
import io.adapt4j.tools.ToolChat;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.logs.LogRecordBuilder;
import io.opentelemetry.api.logs.Logger;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Exports what runs in this process by OpenTelemetry's semantic conventions for generative AI,
 * version 0.1.0: spans {@code retrieval}, {@code chat MODEL} and {@code execute_tool NAME} below
 * the current span, the metrics {@code gen_ai.client.inference.*}, and events {@code
 * gen_ai.evaluation.result}. Without {@link #withContents} no texts are exported. Needs {@code
 * io.opentelemetry:opentelemetry-api}, and {@code adapt4j-rag} and {@code adapt4j-eval} where their
 * types are used. Immutable, thread-safe.
 *
 * <pre>{@code
 * GenAiTracer tracer = GenAiTracer.of(openTelemetry);
 * Rag rag = Rag.builder().index(index).generator(tracer.generator("support@3", model.asGenerator()))
 *     .listener(tracer.retrievals()).build();
 * Answer answer = tracer.workflow("support", () -> rag.ask(question));
 * }</pre>
 */
public final class GenAiTracer {

  private static final AttributeKey<String> WORKFLOW =
      AttributeKey.stringKey("gen_ai.workflow.name");

  private final OpenTelemetry openTelemetry;
  private final boolean formerNames;
  private final boolean contents;
  private final Spans spans;
  private final Logger events;

  private GenAiTracer(OpenTelemetry openTelemetry, boolean formerNames, boolean contents) {
    this.openTelemetry = Objects.requireNonNull(openTelemetry, "openTelemetry");
    this.formerNames = formerNames;
    this.contents = contents;
    this.spans = new Spans(openTelemetry, formerNames, contents);
    this.events = openTelemetry.getLogsBridge().get(Spans.SCOPE);
  }

  /**
   * Exports by the names of today, without contents.
   *
   * @param openTelemetry the SDK, or the API that an agent fills
   * @return the tracer
   */
  public static GenAiTracer of(OpenTelemetry openTelemetry) {
    return new GenAiTracer(openTelemetry, false, false);
  }

  /**
   * {@return a copy that exports also by the names that Spring AI and LangChain4j use: {@code
   * gen_ai.client.operation.duration}, {@code gen_ai.client.token.usage} and the attribute {@code
   * gen_ai.system}}
   */
  public GenAiTracer withFormerNames() {
    return new GenAiTracer(openTelemetry, true, contents);
  }

  /**
   * {@return a copy that also exports messages, arguments and results of tools, questions, and ids
   * of passages}
   */
  public GenAiTracer withContents() {
    return new GenAiTracer(openTelemetry, formerNames, true);
  }

  /**
   * Runs work as a span {@code invoke_workflow NAME}, below which all of the work's spans are.
   *
   * @param name name of the workflow
   * @param work the work, such as an answer of a {@code Rag}
   * @param <T> type of its result
   * @return the work's result
   */
  public <T> T workflow(String name, Supplier<T> work) {
    return spans.run(
        "invoke_workflow " + name, spans.operation("invoke_workflow", WORKFLOW, name), null, work);
  }

  /**
   * Runs a call of a model as a span {@code chat MODEL}.
   *
   * @param model name of the model, such as {@code support@3}
   * @param call the call, such as {@code () -> model.chat(messages, options, onText)}
   * @return the call's result
   */
  public Generation generate(String model, Supplier<Generation> call) {
    return spans.chat(
        model,
        List.of(),
        call,
        answer ->
            Spans.Said.one(
                ChatMessage.assistant(answer.text()),
                answer.finishReason(),
                TracedTools.usage(answer)));
  }

  /**
   * Returns a generator whose calls are spans {@code chat MODEL}.
   *
   * @param model name of the model
   * @param generator the generator
   * @return the traced generator, with the same identity
   */
  public TextGenerator generator(String model, TextGenerator generator) {
    return new TracedGenerator(spans, model, generator);
  }

  /**
   * Returns a chat whose runs are spans {@code invoke_agent NAME}, and their steps spans {@code
   * chat MODEL} and {@code execute_tool TOOL} below it. Replaces the chat's observer.
   *
   * @param name name of the agent
   * @param model name of the model
   * @param chat the chat
   * @return the traced chat
   */
  public ToolChat agent(String name, String model, ToolChat chat) {
    return chat.observer(
        new TracedTools(
            spans,
            name,
            model,
            spans.seconds("gen_ai.invoke_agent.duration"),
            spans.seconds("gen_ai.execute_tool.duration")));
  }

  /** {@return a listener that makes a span {@code retrieval} of every answer of a {@code Rag}} */
  public TraceListener retrievals() {
    return new TracedRetrievals(spans, spans.seconds("gen_ai.retrieval.duration"));
  }

  /**
   * Exports an event {@code gen_ai.evaluation.result} of each metric of each task.
   *
   * @param report the report
   */
  public void evaluated(EvaluationReport report) {
    evaluated(report, outcome -> Optional.empty());
  }

  /**
   * Exports an event {@code gen_ai.evaluation.result} of each metric of each task, and of those
   * items whose response is known. Values 1 and 0 of an item have the labels {@code pass} and
   * {@code fail}.
   *
   * @param report the report
   * @param responses returns the id of the response that an item evaluates, if any
   */
  public void evaluated(EvaluationReport report, Function<Outcome, Optional<String>> responses) {
    for (TaskResult result : report.results()) {
      result
          .metrics()
          .forEach(
              (metric, value) -> event(report, result.task() + "." + metric, value.value()).emit());
      for (Outcome outcome : result.outcomes()) {
        responses
            .apply(outcome)
            .ifPresent(
                id ->
                    outcome
                        .metrics()
                        .forEach(
                            (metric, value) ->
                                event(report, result.task() + "." + metric, value, id)));
      }
    }
  }

  private void event(EvaluationReport report, String metric, double value, String response) {
    LogRecordBuilder event =
        event(report, metric, value).setAttribute("gen_ai.response.id", response);
    if (value == 0 || value == 1) {
      event.setAttribute("gen_ai.evaluation.score.label", value == 1 ? "pass" : "fail");
    }
    event.emit();
  }

  private LogRecordBuilder event(EvaluationReport report, String metric, double value) {
    return events
        .logRecordBuilder()
        .setEventName("gen_ai.evaluation.result")
        .setAttribute("gen_ai.evaluation.name", metric)
        .setAttribute("gen_ai.evaluation.score.value", value)
        .setAttribute(GenAi.REQUEST_MODEL, report.candidate());
  }
}
