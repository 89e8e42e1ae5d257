package io.adapt4j.core.preference;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.judge.PairQuestion;
import io.adapt4j.core.internal.judge.PairQuestion.Choice;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * Asks a language model which of two answers is better. Every two answers to a prompt are shown in
 * both orders, and one is preferred only if it is in both. The verdict is a pair in which one
 * answer was preferred to the other; of several such pairs, the one with the largest difference
 * between wins minus losses of its answers. So n answers take n (n - 1) requests.
 *
 * <p>A reply without a clear verdict, and a request that is refused, decides nothing and is
 * counted. Every setting returns a new judge that counts from 0. Thread-safe if the generator is.
 */
public final class ModelJudge implements PreferenceJudge {

  private static final int DEFAULT_NEW_TOKENS = 512;

  private final TextGenerator generator;
  private final PairQuestion question;
  private final GenerationOptions options;
  private final LongAdder asked = new LongAdder();
  private final LongAdder disagreements = new LongAdder();
  private final LongAdder unreadable = new LongAdder();

  /**
   * Counts over all judged prompts.
   *
   * @param pairs pairs of answers shown in both orders
   * @param disagreements pairs on which the orders disagree, including a tie in one of them
   * @param unreadable replies without a clear verdict, at most two per pair
   */
  public record Counts(long pairs, long disagreements, long unreadable) {}

  private ModelJudge(TextGenerator generator, PairQuestion question, GenerationOptions options) {
    this.generator = Objects.requireNonNull(generator, "generator");
    this.question = question;
    this.options = Objects.requireNonNull(options, "options");
  }

  static ModelJudge of(TextGenerator generator) {
    return new ModelJudge(
        generator,
        PairQuestion.by(PairQuestion.DEFAULT_CRITERIA),
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_NEW_TOKENS).build());
  }

  /**
   * Sets the criteria for better answers. Default: {@link PairQuestion#DEFAULT_CRITERIA}.
   *
   * @param measure one or more sentences
   * @return a new judge
   * @throws IllegalArgumentException if it is blank
   */
  public ModelJudge criteria(String measure) {
    return new ModelJudge(generator, question.criteria(measure), options);
  }

  /**
   * Sets the prompt.
   *
   * @param prompt as {@link PairQuestion#wording} takes it
   * @return a new judge
   * @throws IllegalArgumentException if it does not contain question and answers
   */
  public ModelJudge wording(String prompt) {
    return new ModelJudge(generator, question.wording(prompt), options);
  }

  /**
   * Sets the generation options. Default: greedy, up to 512 tokens.
   *
   * @param generation length, temperature and the like
   * @return a new judge
   */
  public ModelJudge generating(GenerationOptions generation) {
    return new ModelJudge(generator, question, generation);
  }

  /**
   * Returns the counts so far.
   *
   * @return counts over all prompts
   */
  public Counts counts() {
    return new Counts(asked.sum(), disagreements.sum(), unreadable.sum());
  }

  @Override
  public Optional<Verdict> judge(String prompt, List<String> answers) {
    List<Verdict> pairs = new ArrayList<>();
    List<List<ChatMessage>> requests = new ArrayList<>();
    for (int value = 0; value < answers.size(); value++) {
      for (int other = value + 1; other < answers.size(); other++) {
        pairs.add(new Verdict(value, other));
        requests.add(request(prompt, answers.get(value), answers.get(other)));
        requests.add(request(prompt, answers.get(other), answers.get(value)));
      }
    }
    String[] replies = replies(requests);
    List<Verdict> preferred = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      preferred(pairs.get(i), replies[2 * i], replies[2 * i + 1]).ifPresent(preferred::add);
    }
    return furthestApart(preferred, answers.size());
  }

  private List<ChatMessage> request(String prompt, String first, String second) {
    return List.of(ChatMessage.user(question.ask(prompt, first, second)));
  }

  /** Returns the model's replies; empty if it refuses. */
  private String[] replies(List<List<ChatMessage>> requests) {
    String[] replies = new String[requests.size()];
    try {
      generator.generateAll(requests, options, (number, answer) -> replies[number] = answer.text());
    } catch (RequestRefusedException e) {
      // A refused request must not prevent the others.
      for (int i = 0; i < replies.length; i++) {
        replies[i] = replies[i] == null ? reply(requests.get(i)) : replies[i];
      }
    }
    return replies;
  }

  private String reply(List<ChatMessage> request) {
    try {
      return generator.generate(request, options).text();
    } catch (RequestRefusedException e) {
      return "";
    }
  }

  /** Decides which of a pair is better from the replies to both orders. */
  private Optional<Verdict> preferred(Verdict pair, String inOrder, String swapped) {
    asked.increment();
    Optional<Choice> shown = PairQuestion.read(inOrder);
    Optional<Choice> turned = PairQuestion.read(swapped);
    if (shown.isEmpty() || turned.isEmpty()) {
      unreadable.add((shown.isEmpty() ? 1 : 0) + (turned.isEmpty() ? 1 : 0));
      return Optional.empty();
    }
    if (shown.get() == Choice.FIRST && turned.get() == Choice.SECOND) {
      return Optional.of(pair);
    }
    if (shown.get() == Choice.SECOND && turned.get() == Choice.FIRST) {
      return Optional.of(new Verdict(/* best= */ pair.worst(), /* worst= */ pair.best()));
    }
    boolean tie = shown.get() == Choice.NEITHER && turned.get() == Choice.NEITHER;
    disagreements.add(tie ? 0 : 1);
    return Optional.empty();
  }

  private static Optional<Verdict> furthestApart(List<Verdict> preferred, int answers) {
    int[] lead = new int[answers];
    for (Verdict verdict : preferred) {
      lead[verdict.best()]++;
      lead[verdict.worst()]--;
    }
    return preferred.stream()
        .max(Comparator.comparingInt(verdict -> lead[verdict.best()] - lead[verdict.worst()]));
  }
}
