package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Encodes queries and passages to tokens for an embedding model: surrounding whitespace is
 * stripped, an optional prompt is prepended, and long texts are truncated at their end.
 *
 * <p>Deterministic and thread-safe. Does not close the tokenizer.
 */
public record EmbeddingEncoder(Tokenizer tokenizer, Options options)
    implements RowEncoder<EmbeddingSample> {

  /** Options of encoding. */
  public record Options(
      int maxLength, String queryPrompt, String passagePrompt, boolean lowerCase) {}

  @Override
  public EncodedRow<EmbeddingSample> encode(Dataset dataset, int row) {
    Example example = dataset.get(row);
    if (example instanceof Example.QueryPassage pair) {
      return encode(pair);
    }
    throw new DatasetException(
        dataset.locate(row)
            + ": expected a query with its passage (fields query and passage), found "
            + example.getClass().getSimpleName()
            + ". State the shape or map the fields when the data is read.");
  }

  private EncodedRow<EmbeddingSample> encode(Example.QueryPassage pair) {
    List<String> texts = new ArrayList<>();
    texts.add(prepare(options.queryPrompt() + pair.query()));
    texts.add(prepare(options.passagePrompt() + pair.passage()));
    pair.negatives().forEach(negative -> texts.add(prepare(options.passagePrompt() + negative)));
    boolean truncated = false;
    List<int[]> encoded = new ArrayList<>();
    for (String text : texts) {
      int[] ids = tokenizer.encode(text, true);
      boolean cut = ids.length > options.maxLength();
      encoded.add(cut ? tokenizer.encodeTruncated(text, options.maxLength()) : ids);
      truncated |= cut;
    }
    return EncodedRow.of(
        new EmbeddingSample(encoded.get(0), List.copyOf(encoded.subList(1, encoded.size())), false),
        truncated);
  }

  private String prepare(String text) {
    String stripped = text.strip();
    return options.lowerCase() ? stripped.toLowerCase(Locale.ROOT) : stripped;
  }
}
