package io.adapt4j.eval.task;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** A question with a free-text answer. */
record TextItem(
    String id,
    String prompt,
    GenerationOptions options,
    List<String> references,
    AnswerExtraction extraction,
    AnswerMetric metric,
    Map<String, String> fields)
    implements Item {

  /** Whether an answer was cut at the limit on new tokens: the mean of this is their share. */
  static final String CUT = "cut";

  /** The share of answers that were cut. */
  static final TaskMetric CUT_SHARE = new TaskMetric(CUT, false, new TaskMetric.Mean(CUT));

  /** Checks and copies the values. */
  public TextItem {
    references = List.copyOf(references);
    fields = Map.copyOf(fields);
    if (references.isEmpty()) {
      throw new IllegalArgumentException("Item '" + id + "': expected a right answer, found none");
    }
  }

  @Override
  public List<Request> requests() {
    return List.of(new Request.Answer(prompt, options));
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    Reply.Text reply = (Reply.Text) replies.get(0);
    String answer = extraction.answer(reply.text());
    Map<String, Double> metrics = new LinkedHashMap<>(metric.grade(answer, references));
    metrics.put(CUT, reply.finishReason().isCut() ? 1.0 : 0.0);
    return new Outcome(
        id, prompt, references.get(0), reply.text(), metrics, OptionalDouble.empty(), fields);
  }
}
