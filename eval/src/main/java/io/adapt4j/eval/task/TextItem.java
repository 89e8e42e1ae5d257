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

/**
 * A question that is answered in words.
 *
 * @param id names the item
 * @param prompt what is asked
 * @param options how long the answer may be and where it stops
 * @param references right answers, at least one
 * @param extraction takes the answer out of what was generated
 * @param metric compares the answer with the right ones
 * @param fields what is known about the item
 */
record TextItem(
    String id,
    String prompt,
    GenerationOptions options,
    List<String> references,
    AnswerExtraction extraction,
    AnswerMetric metric,
    Map<String, String> fields)
    implements Item {

  /** Whether an answer was cut at the limit of new tokens: the mean of this is their share. */
  static final String CUT = "cut";

  /** The share of answers that were cut. */
  static final TaskMetric CUT_SHARE = new TaskMetric(CUT, false, new TaskMetric.Mean(CUT));

  /**
   * Makes an item.
   *
   * @param id names the item
   * @param prompt what is asked
   * @param options how long the answer may be and where it stops
   * @param references right answers, at least one
   * @param extraction takes the answer out of what was generated
   * @param metric compares the answer with the right ones
   * @param fields what is known about the item
   */
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
