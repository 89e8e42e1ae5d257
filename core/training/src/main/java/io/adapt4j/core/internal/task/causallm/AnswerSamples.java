package io.adapt4j.core.internal.task.causallm;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Greedy answers to some validation rows, written to {@value #FILE} at each evaluation. They reveal
 * a model that never ends an answer, which the loss does not. Not thread-safe.
 */
final class AnswerSamples {

  static final String FILE = "samples.jsonl";

  private static final Logger LOG = LoggerFactory.getLogger(AnswerSamples.class);

  /** Maximum tokens of an answer. */
  private static final int MOST_TOKENS = 128;

  /**
   * Token budget of an answer: this multiple of the expected answer's length, plus {@link #MORE}.
   */
  private static final int TIMES = 2;

  private static final int MORE = 16;

  /** Minimum number of rows for a warning. */
  private static final int LEAST_TO_JUDGE = 2;

  private final Generator generator;
  private final Tokenizer tokenizer;
  private final List<Asked> rows;
  private final int tokens;
  private final Path file;
  private int unended;
  private String longest = "";

  /** The prompt and expected answer of a row. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Asked(int[] prompt, int[] answer) {}

  private AnswerSamples(
      Generator generator, Tokenizer tokenizer, List<Asked> rows, int tokens, Path file) {
    this.generator = generator;
    this.tokenizer = tokenizer;
    this.rows = rows;
    this.tokens = tokens;
    this.file = file;
  }

  /**
   * Chooses the first rows with a prompt and an answer that is short enough and ends with an end
   * token.
   */
  static Optional<AnswerSamples> of(
      EncodableRows rows,
      int count,
      Set<Integer> ends,
      int contextLength,
      Generator generator,
      Tokenizer tokenizer,
      Path output) {
    List<Asked> asked = new ArrayList<>();
    int longest = 0;
    int room = contextLength;
    for (int i = 0; i < rows.samples().size() && asked.size() < count; i++) {
      TrainingSample sample = rows.samples().get(i);
      int from = sample.firstLabel();
      int to = answerEnd(sample, from, ends);
      int wanted = budget(to - from);
      boolean seen = Arrays.stream(sample.ids()).anyMatch(id -> id >= PictureTokens.FIRST);
      if (!seen && from > 0 && to > 0 && wanted <= MOST_TOKENS && from + wanted <= contextLength) {
        asked.add(
            new Asked(
                Arrays.copyOf(sample.ids(), from), Arrays.copyOfRange(sample.ids(), from, to)));
        longest = Math.max(longest, wanted);
        room = Math.min(room, contextLength - from);
      }
    }
    return asked.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new AnswerSamples(
                generator, tokenizer, asked, Math.min(longest, room), output.resolve(FILE)));
  }

  private static int budget(int answer) {
    return TIMES * answer + MORE;
  }

  /** Returns the end of the first answer, without its end token; 0 if it has none. */
  private static int answerEnd(TrainingSample sample, int from, Set<Integer> ends) {
    for (int i = from; i < sample.length(); i++) {
      if (ends.contains(sample.ids()[i])) {
        return i;
      }
    }
    return 0;
  }

  /** Answers the rows with the current model. */
  void take(int step) {
    List<Generation> answers =
        generator.generate(
            rows.stream().map(Asked::prompt).toList(),
            GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build());
    unended = 0;
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < answers.size(); i++) {
      Generation answer = answers.get(i);
      boolean ended = !answer.finishReason().isCut();
      if (!ended) {
        unended++;
        longest = answer.text();
      }
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.put("step", step);
      line.put("prompt", tokenizer.decode(rows.get(i).prompt(), true));
      line.put("answer", answer.text());
      line.put("expected", tokenizer.decode(rows.get(i).answer(), true));
      line.put("ended", ended);
      lines.append(line).append('\n');
    }
    write(lines.toString(), step == 0);
  }

  private void write(String lines, boolean begins) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(
          file,
          lines,
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          begins ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND);
    } catch (IOException e) {
      // Not fatal to the run; a full disk fails the next checkpoint anyway.
      LOG.warn("Writing {} failed: {}.", file, WriteFailure.explain(file, e));
    }
  }

  /** Returns a warning if none of the newest answers ended. */
  Optional<TrainingWarning> warning(int step) {
    if (rows.size() < LEAST_TO_JUDGE || unended < rows.size()) {
      return Optional.empty();
    }
    return Optional.of(
        new TrainingWarning(
            TrainingWarning.Kind.ANSWERS_NEVER_END,
            step,
            ("None of %d sampled answers ended within %d tokens, though those of the rows do, as in"
                    + " '%s'.")
                .formatted(rows.size(), tokens, excerpt(longest)),
            "See "
                + file
                + ". Train longer, or see that rows are not cut before their end"
                + " (maxLength, overflow) and that the end is among the trained tokens (lossOn,"
                + " chatTemplate). A base model whose end token was never trained learns it with"
                + " the output layer in modulesToSave."));
  }

  private static String excerpt(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() > 60 ? "..." + line.substring(line.length() - 60) : line;
  }
}
