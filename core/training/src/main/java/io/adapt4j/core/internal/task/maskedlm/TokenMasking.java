package io.adapt4j.core.internal.task.maskedlm;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.internal.data.Sample;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.Tokenizer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Masking of tokens (Devlin et al. 2019, section 3.1): each token is chosen with a given
 * probability, and at least one per text. Of the chosen tokens, 80 % become the mask token, 10 % a
 * random one, and 10 % are unchanged. Special tokens, added or in the text, are never chosen.
 *
 * <p>The choice depends only on seed, epoch and row, so every epoch masks other tokens, and a run
 * can resume at any batch. Without shuffling, every epoch masks the same tokens, so that
 * evaluations are comparable.
 */
public final class TokenMasking implements RowEncoder<TokenMasking.Text> {

  private static final double MASKED = 0.8;
  private static final double RANDOM = 0.9;

  private final Tokenizer tokenizer;
  private final int maskId;
  private final Options options;

  /** Options of masking. */
  public record Options(
      int maxLength, double probability, int vocabulary, int paddingId, long seed) {}

  /** A tokenized text with the expected number of masked tokens. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Text(int[] ids, int targets) implements Sample {

    @Override
    public int length() {
      return ids.length;
    }

    @Override
    public void digest(MessageDigest digest, double weight) {
      FileDigest.update(digest, ids);
    }
  }

  public TokenMasking(Tokenizer tokenizer, Options options) {
    if (tokenizer.maskId().isEmpty()) {
      throw new CheckpointException(
          "The tokenizer has no mask_token; choose a model that was trained on masked tokens.");
    }
    this.tokenizer = tokenizer;
    this.maskId = tokenizer.maskId().getAsInt();
    this.options = options;
  }

  /** Returns the texts of a dataset in batches, grouped by length when shuffled. */
  public RowBatches<Batch> rows(Dataset dataset) {
    return EncodedRows.of(dataset, this)
        .<Batch>collatedByEpoch(epoch -> (texts, weights, numbers) -> batch(texts, numbers, epoch))
        .groupedByLength();
  }

  @Override
  public EncodedRow<Text> encode(Dataset dataset, int row) {
    String text = text(dataset, row);
    int[] ids = tokenizer.encodeTruncated(text, options.maxLength());
    int content = content(ids).length;
    int targets = content == 0 ? 0 : (int) Math.max(1, Math.round(content * options.probability()));
    boolean full = ids.length == options.maxLength();
    return EncodedRow.of(
        new Text(ids, targets), full && tokenizer.encode(text, true).length > ids.length);
  }

  private static String text(Dataset dataset, int row) {
    if (dataset.get(row) instanceof Example.Text text) {
      return text.text();
    }
    throw new DatasetException(
        dataset.locate(row)
            + ": expected a plain text (field text), found "
            + dataset.get(row).getClass().getSimpleName()
            + ". State the shape TEXT or map the fields when the data is read.");
  }

  private int[] content(int[] ids) {
    return IntStream.range(0, ids.length).filter(i -> !tokenizer.isSpecial(ids[i])).toArray();
  }

  private Batch batch(List<Text> texts, int[] numbers, int epoch) {
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int row = 0; row < numbers.length; row++) {
      int[] masked = texts.get(row).ids().clone();
      ids.add(masked);
      labels.add(mask(masked, numbers[row], epoch));
    }
    Batch padded = Batch.padded(ids, options.paddingId());
    return padded.with(new long[0], Batch.matrix(labels, padded.length(), Batch.IGNORED));
  }

  /** Masks tokens of a text and returns its labels. */
  private int[] mask(int[] ids, int number, int epoch) {
    int[] labels = new int[ids.length];
    Arrays.fill(labels, Batch.IGNORED);
    int[] content = content(ids);
    // Mixed, so that neighboring epochs and rows draw independently.
    SplittableRandom random =
        new SplittableRandom(
            new SplittableRandom(options.seed() + epoch).nextLong() ^ ((long) number << 20));
    boolean any = false;
    for (int place : content) {
      if (random.nextDouble() < options.probability()) {
        hide(ids, labels, place, random);
        any = true;
      }
    }
    if (!any) {
      hide(ids, labels, content[random.nextInt(content.length)], random);
    }
    return labels;
  }

  private void hide(int[] ids, int[] labels, int place, SplittableRandom random) {
    labels[place] = ids[place];
    double drawn = random.nextDouble();
    if (drawn < MASKED) {
      ids[place] = maskId;
    } else if (drawn < RANDOM) {
      ids[place] = random.nextInt(options.vocabulary());
    }
  }
}
