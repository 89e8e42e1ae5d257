package io.adapt4j.core.preference;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.data.RowPrompt;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects preferences: samples a model's answers to each prompt, lets a judge choose the best and
 * the worst, and writes the pairs as JSON Lines.
 *
 * <pre>{@code
 * PreferenceCollector.of(model.asGenerator(), PreferenceJudge.byReward((p, a) -> -a.length()))
 *     .answers(4)
 *     .collect(prompts, Path.of("pairs.jsonl"));
 * }</pre>
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class PreferenceCollector {

  /** Default number of answers per prompt. */
  public static final int DEFAULT_ANSWERS = 4;

  private static final Logger LOG = LoggerFactory.getLogger(PreferenceCollector.class);
  private static final long SAVED_EVERY_NANOS = 5_000_000_000L;

  private final TextGenerator generator;
  private final PreferenceJudge judge;
  private final int answers;
  private final GenerationOptions options;
  private final boolean asChat;

  /**
   * Counts of a collection.
   *
   * @param pairs pairs in the file, including those of earlier calls
   * @param undecided prompts without a verdict
   * @param alike prompts whose answers were all equal
   */
  public record Collected(int pairs, int undecided, int alike) {}

  private PreferenceCollector(
      TextGenerator generator,
      PreferenceJudge judge,
      int answers,
      GenerationOptions options,
      boolean asChat) {
    this.generator = Objects.requireNonNull(generator, "generator");
    this.judge = Objects.requireNonNull(judge, "judge");
    this.answers = answers;
    this.options = Objects.requireNonNull(options, "options");
    this.asChat = asChat;
  }

  /**
   * Creates a collector.
   *
   * @param generator generates the answers
   * @param judge judges the answers
   * @return a collector of {@value #DEFAULT_ANSWERS} answers per prompt, sampled with the default
   *     options
   */
  public static PreferenceCollector of(TextGenerator generator, PreferenceJudge judge) {
    return new PreferenceCollector(
        generator, judge, DEFAULT_ANSWERS, GenerationOptions.defaults(), false);
  }

  /**
   * Sets the number of answers per prompt.
   *
   * @param number at least 2
   * @return a changed copy
   * @throws IllegalArgumentException if it is smaller
   */
  public PreferenceCollector answers(int number) {
    if (number < 2) {
      throw new IllegalArgumentException("answers must be at least 2, found " + number);
    }
    return new PreferenceCollector(generator, judge, number, options, asChat);
  }

  /**
   * Sets the sampling options. The index of the prompt is added to the seed.
   *
   * @param sampling the options, not greedy
   * @return a changed copy
   * @throws IllegalArgumentException if they are greedy, so that all answers would be equal
   */
  public PreferenceCollector options(GenerationOptions sampling) {
    if (sampling.isGreedy()) {
      throw new IllegalArgumentException("greedy answers are all alike: set a temperature above 0");
    }
    return new PreferenceCollector(generator, judge, answers, sampling, asChat);
  }

  /**
   * Writes conversations of messages instead of texts, for models with a chat template.
   *
   * @return a changed copy
   */
  public PreferenceCollector asChat() {
    return new PreferenceCollector(generator, judge, answers, options, true);
  }

  /**
   * Collects pairs for plain prompts, as {@link #collect(Dataset, Path)} does for the prompts of
   * rows.
   *
   * @param prompts the prompts
   * @param file the JSON Lines file to write
   * @return counts
   * @throws DatasetException if the file cannot be read or written, or holds no pairs of this kind
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer
   */
  public Collected collect(List<String> prompts, Path file) {
    return collect(prompts.stream().map(PreferenceCollector::asked).toList(), asChat, file);
  }

  /**
   * Collects pairs for the prompts of rows: texts, the prompts of completions or of pairs, and
   * conversations, with their instructions and earlier turns. If there is a conversation, all pairs
   * are written as messages. An existing file is kept and its prompts are skipped, so that
   * collecting can be interrupted and resumed. A damaged row of it is skipped with a warning and
   * moved to a file {@code FILE.malformed.jsonl}. A process that is killed loses the pairs of the
   * last few seconds, whose prompts are then asked again.
   *
   * @param prompts rows with prompts
   * @param file the JSON Lines file to write; complete at any time, saved every few seconds and
   *     when collecting ends or fails
   * @return counts
   * @throws DatasetException if a row has no prompt, or has tools, which generators do not receive;
   *     if the file cannot be read or written, or holds no pairs of this kind
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer
   */
  public Collected collect(Dataset prompts, Path file) {
    List<List<ChatMessage>> asked = new ArrayList<>();
    boolean messages = asChat;
    for (int row = 0; row < prompts.size(); row++) {
      try {
        RowPrompt prompt = RowPrompt.of(prompts.get(row));
        messages |= prompt instanceof RowPrompt.Conversation;
        asked.add(asked(prompt));
      } catch (DatasetException e) {
        throw new DatasetException(prompts.locate(row) + ": " + e.getMessage(), e);
      }
    }
    return collect(asked, messages, file);
  }

  private static List<ChatMessage> asked(RowPrompt prompt) {
    if (prompt instanceof RowPrompt.Plain plain) {
      return asked(plain.text());
    }
    RowPrompt.Conversation conversation = (RowPrompt.Conversation) prompt;
    if (conversation.messages().isEmpty()) {
      throw new DatasetException("nothing stands before the answer. Remove the row.");
    }
    if (!conversation.tools().isEmpty()) {
      throw new DatasetException(
          "expected a prompt without tools, which text generators are not given. Remove the field"
              + " 'tools', or write the tools into the instructions.");
    }
    return conversation.messages();
  }

  private static List<ChatMessage> asked(String prompt) {
    return List.of(ChatMessage.user(prompt));
  }

  private Collected collect(List<List<ChatMessage>> prompts, boolean messages, Path file) {
    List<Example> pairs = present(file, messages);
    Set<List<ChatMessage>> done = new HashSet<>();
    pairs.forEach(pair -> done.add(asked(RowPrompt.of(pair))));
    int undecided = 0;
    int alike = 0;
    long saved = System.nanoTime();
    try {
      for (int i = 0; i < prompts.size(); i++) {
        List<ChatMessage> prompt = prompts.get(i);
        if (!done.add(prompt)) {
          continue;
        }
        List<String> different = sample(prompt, i);
        if (different.size() < 2) {
          alike++;
          continue;
        }
        Optional<PreferenceJudge.Verdict> verdict = judge.judge(Transcript.of(prompt), different);
        if (verdict.isEmpty()) {
          undecided++;
          continue;
        }
        pairs.add(pair(prompt, messages, different, verdict.get()));
        if (System.nanoTime() - saved > SAVED_EVERY_NANOS) {
          write(pairs, file);
          saved = System.nanoTime();
        }
      }
    } finally {
      write(pairs, file);
    }
    return new Collected(pairs.size(), undecided, alike);
  }

  private static void write(List<Example> pairs, Path file) {
    if (!pairs.isEmpty()) {
      Datasets.write(Datasets.of(pairs), file);
    }
  }

  private static List<Example> present(Path file, boolean messages) {
    Class<?> kind = messages ? Example.ChatPreference.class : Example.Preference.class;
    List<Example> pairs = new ArrayList<>();
    if (Files.exists(file)) {
      Path bad = file.resolveSibling(file.getFileName() + ".malformed.jsonl");
      FileDataset rows = Datasets.read(file).quarantine(bad).open();
      if (rows.malformed() > 0) {
        rows.problems().forEach(problem -> LOG.warn("{}", problem));
        LOG.warn(
            "{}: {} damaged rows are skipped, their prompts are asked again; they are kept in {}",
            file,
            rows.malformed(),
            bad);
      }
      for (int row = 0; row < rows.size(); row++) {
        Example pair = rows.get(row);
        if (!kind.isInstance(pair)) {
          throw new DatasetException(
              "%s: expected a %s as is to be written, found a %s. Choose another file."
                  .formatted(
                      rows.locate(row), kind.getSimpleName(), pair.getClass().getSimpleName()));
        }
        pairs.add(pair);
      }
    }
    return pairs;
  }

  /**
   * Samples answers and keeps the distinct ones that are not empty, in order of first occurrence.
   */
  private List<String> sample(List<ChatMessage> prompt, int number) {
    GenerationOptions seeded = options.toBuilder().seed(options.seed() + number).build();
    List<GeneratedText> all = generator.generateAll(Collections.nCopies(answers, prompt), seeded);
    return all.stream()
        .map(GeneratedText::text)
        .filter(text -> !text.isBlank())
        .distinct()
        .toList();
  }

  private static Example pair(
      List<ChatMessage> prompt,
      boolean messages,
      List<String> texts,
      PreferenceJudge.Verdict verdict) {
    String best = texts.get(verdict.best());
    String worst = texts.get(verdict.worst());
    return messages
        ? new Example.ChatPreference(
            prompt, List.of(ChatMessage.assistant(best)), List.of(ChatMessage.assistant(worst)))
        : new Example.Preference(Transcript.of(prompt), best, worst);
  }
}
