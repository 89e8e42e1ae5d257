package io.adapt4j.core.reinforce;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.EncodedExample;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.ExampleEncoder;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.data.TrainingSample;
import io.adapt4j.core.internal.FileDigest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Pairs of a better and a worse answer to train a reward model on. Each answer is brought within
 * the encoder's limit; a pair whose answers are the same tokens then is left out and counted.
 */
public final class RewardRows {

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final String marginField;
  private final int[] rows;
  private final EncodingReport report;

  private RewardRows(
      Dataset dataset,
      ExampleEncoder encoder,
      String marginField,
      int[] rows,
      EncodingReport report) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.marginField = marginField;
    this.rows = rows;
    this.report = report;
  }

  /** A pair as tokens, or none where it cannot be used. */
  record Pair(
      TrainingSample chosen,
      TrainingSample rejected,
      boolean truncated,
      float margin,
      float weight) {}

  /**
   * Tokenises a dataset once.
   *
   * @param dataset rows that are {@link Example.Preference} or {@link Example.ChatPreference}
   * @param encoder makes tokens of them; not one that splits
   * @param marginField of the rows that holds the margin; empty to ask for none
   * @return the pairs
   * @throws DatasetException if a row is no pair, or has no margin; it names the row
   */
  public static RewardRows of(Dataset dataset, ExampleEncoder encoder, String marginField) {
    int[] rows = new int[dataset.size()];
    int kept = 0;
    int truncated = 0;
    int longest = 0;
    long tokens = 0;
    MessageDigest digest = FileDigest.sha256();
    for (int row = 0; row < rows.length; row++) {
      Optional<Pair> found = pair(dataset, row, encoder, marginField);
      if (found.isPresent()) {
        Pair pair = found.get();
        rows[kept++] = row;
        truncated += pair.truncated() ? 1 : 0;
        longest = Math.max(longest, Math.max(pair.chosen().length(), pair.rejected().length()));
        tokens += pair.chosen().length() + pair.rejected().length();
        digest(digest, pair);
      }
    }
    return new RewardRows(
        dataset,
        encoder,
        marginField,
        Arrays.copyOf(rows, kept),
        new EncodingReport(
            rows.length,
            kept,
            2 * kept,
            truncated,
            0,
            0,
            rows.length - kept,
            tokens,
            kept,
            longest,
            HexFormat.of().formatHex(digest.digest())));
  }

  private static Optional<Pair> pair(
      Dataset dataset, int row, ExampleEncoder encoder, String marginField) {
    Example example = dataset.get(row);
    try {
      List<Example> sides = sides(example);
      if (sides.get(0).equals(sides.get(1))) {
        return Optional.empty();
      }
      EncodedExample chosen = encoder.encode(sides.get(0));
      EncodedExample rejected = encoder.encode(sides.get(1));
      if (!(chosen instanceof EncodedExample.Kept better)
          || !(rejected instanceof EncodedExample.Kept worse)
          || Arrays.equals(better.sample().ids(), worse.sample().ids())) {
        return Optional.empty();
      }
      return Optional.of(
          new Pair(
              better.sample(),
              worse.sample(),
              better.truncated() || worse.truncated(),
              marginField.isEmpty() ? 0 : margin(dataset, row, marginField),
              (float) dataset.weight(row)));
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private static List<Example> sides(Example example) {
    if (example instanceof Example.Preference pair) {
      return List.of(
          new Example.PromptCompletion(pair.prompt(), pair.chosen()),
          new Example.PromptCompletion(pair.prompt(), pair.rejected()));
    }
    if (example instanceof Example.ChatPreference pair) {
      return List.of(
          new Example.Chat(joined(pair.prompt(), pair.chosen())),
          new Example.Chat(joined(pair.prompt(), pair.rejected())));
    }
    throw new DatasetException(
        "expected a better and a worse answer (fields chosen and rejected), found "
            + example.getClass().getSimpleName()
            + ". State the shape or map the fields when the data is read.");
  }

  private static List<ChatMessage> joined(List<ChatMessage> prompt, List<ChatMessage> answer) {
    List<ChatMessage> all = new ArrayList<>(prompt);
    all.addAll(answer);
    return all;
  }

  private static float margin(Dataset dataset, int row, String field) {
    Optional<Row> source = dataset.source(row);
    Object value = source.map(one -> one.value(field)).orElse(null);
    float margin = value instanceof Number number ? number.floatValue() : Float.NaN;
    if (!Float.isFinite(margin) || margin < 0) {
      throw new DatasetException(
          "field '"
              + field
              + "': expected the margin, a number of at least 0, found "
              + value
              + (source.isEmpty() ? ", since rows in memory have no further fields" : "")
              + ".");
    }
    return margin;
  }

  private static void digest(MessageDigest digest, Pair pair) {
    for (TrainingSample side : List.of(pair.chosen(), pair.rejected())) {
      ByteBuffer bytes = ByteBuffer.allocate((side.length() + 1) * Integer.BYTES);
      bytes.putInt(side.length());
      bytes.asIntBuffer().put(side.ids());
      digest.update(bytes.array());
    }
    digest.update(
        ByteBuffer.allocate(2 * Float.BYTES)
            .putFloat(pair.margin())
            .putFloat(pair.weight())
            .array());
  }

  /**
   * Returns what encoding came to.
   *
   * @return counts; samples are answers, two a pair
   */
  public EncodingReport report() {
    return report;
  }

  /**
   * Returns the number of pairs.
   *
   * @return how many; may be 0
   */
  public int size() {
    return rows.length;
  }

  Pair get(int number) {
    return pair(dataset, rows[number], encoder, marginField).orElseThrow();
  }
}
