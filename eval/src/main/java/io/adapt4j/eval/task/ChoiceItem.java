package io.adapt4j.eval.task;

import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * A multiple-choice question answered by the most likely choice, as in lm-evaluation-harness
 * ({@code lm_eval/api/task.py}). Of equally likely ones the first is chosen. The outcome's prompt
 * is the context with the delimiter, so that prompt and answer concatenated are the scored text.
 *
 * <ul>
 *   <li>{@code acc}: whether the most likely continuation is right;
 *   <li>{@code acc_norm}: the same with log-probabilities divided by the answers' characters;
 *   <li>{@code acc_bytes}: divided by their UTF-8 bytes;
 *   <li>{@code mc2}: the right answers' share of the total probability of all answers (Lin et al.
 *       2021, TruthfulQA, MC2).
 * </ul>
 */
record ChoiceItem(
    String id,
    String context,
    List<String> choices,
    String delimiter,
    List<Integer> right,
    Map<String, String> fields)
    implements Item {

  /** Whether the most likely answer is right. */
  static final String ACC = "acc";

  /** Whether the most likely answer per character is right. */
  static final String ACC_NORM = "acc_norm";

  /** Whether the most likely answer per byte is right. */
  static final String ACC_BYTES = "acc_bytes";

  /** The right answers' share of the total probability. */
  static final String MC2 = "mc2";

  /** Checks the values. */
  public ChoiceItem {
    choices = List.copyOf(choices);
    right = List.copyOf(right);
    fields = Map.copyOf(fields);
    int count = choices.size();
    if (count < 2 || choices.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException(
          "Item '" + id + "': expected two or more answers, none empty, found " + choices);
    }
    if (right.isEmpty() || right.stream().anyMatch(number -> number < 0 || number >= count)) {
      throw new IllegalArgumentException(
          "Item '%s': right: expected numbers from 0 to %s, found %s"
              .formatted(id, count - 1, right));
    }
  }

  @Override
  public List<Request> requests() {
    List<Request> requests = new ArrayList<>();
    choices.forEach(choice -> requests.add(new Request.Likelihood(context, delimiter + choice)));
    return requests;
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    double[] sums =
        replies.stream()
            .mapToDouble(reply -> ((Reply.Likelihood) reply).logProbability())
            .toArray();
    int chosen = largest(sums);
    double[] shares = shares(sums);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(ACC, isRight(chosen));
    metrics.put(ACC_NORM, isRight(largest(divided(sums, ChoiceItem::characters))));
    metrics.put(
        ACC_BYTES,
        isRight(largest(divided(sums, text -> text.getBytes(StandardCharsets.UTF_8).length))));
    metrics.put(MC2, right.stream().mapToDouble(number -> shares[number]).sum());
    return new Outcome(
        id,
        context + delimiter,
        choices.get(right.get(0)),
        choices.get(chosen),
        metrics,
        OptionalDouble.of(shares[chosen]),
        fields);
  }

  /** Counts characters as Python does: a character outside the basic plane is one. */
  private static int characters(String text) {
    return text.codePointCount(0, text.length());
  }

  private double isRight(int choice) {
    return right.contains(choice) ? 1 : 0;
  }

  private double[] divided(double[] sums, ToIntFunction<String> length) {
    return IntStream.range(0, sums.length)
        .mapToDouble(i -> sums[i] / length.applyAsInt(choices.get(i)))
        .toArray();
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  private static double[] shares(double[] sums) {
    double most = Arrays.stream(sums).max().orElseThrow();
    double[] exponents = Arrays.stream(sums).map(sum -> Math.exp(sum - most)).toArray();
    double all = Arrays.stream(exponents).sum();
    return Arrays.stream(exponents).map(value -> value / all).toArray();
  }
}
