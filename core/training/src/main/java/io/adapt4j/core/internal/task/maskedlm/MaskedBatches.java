package io.adapt4j.core.internal.task.maskedlm;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.BatchSampler;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.LabeledSample;
import io.adapt4j.core.internal.data.LengthGroupedBatches;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.tokenize.Tokenizer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Batches of texts with masked tokens (Devlin et al. 2019, section 3.1): each token is chosen with
 * a given probability, and at least one per text. Of the chosen tokens, 80 % become the mask token,
 * 10 % a random one, and 10 % are unchanged. Special tokens, added or in the text, are never
 * chosen.
 *
 * <p>The choice depends only on seed, epoch and row, so every epoch masks other tokens, and a run
 * can resume at any batch. Without shuffling, every epoch masks the same tokens, so that
 * evaluations are comparable. Immutable; each iterator is for one thread.
 */
public final class MaskedBatches implements BatchSource<TextBatch> {

  private static final double MASKED = 0.8;
  private static final double RANDOM = 0.9;

  private final Dataset dataset;
  private final Tokenizer tokenizer;
  private final BatchSampler batchSampler;
  private final Options options;
  private final EncodingReport report;

  /** Options of the batches. */
  public record Options(
      int maxLength,
      double probability,
      int vocabulary,
      int batchSize,
      int paddingId,
      long seed,
      boolean shuffle) {}

  private MaskedBatches(
      Dataset dataset, Tokenizer tokenizer, int[] lengths, Options options, EncodingReport report) {
    this.dataset = dataset;
    this.tokenizer = tokenizer;
    this.batchSampler =
        options.shuffle()
            ? new LengthGroupedBatches(
                lengths, options.batchSize(), new EpochOrder(true, options.seed()))
            : new SequentialBatches(lengths.length, options.batchSize(), EpochOrder.UNSHUFFLED);
    this.options = options;
    this.report = report;
  }

  /** Tokenizes a dataset once and skips rows without maskable tokens. */
  public static MaskedBatches of(Dataset dataset, Tokenizer tokenizer, Options options) {
    if (tokenizer.maskId().isEmpty()) {
      throw new CheckpointException(
          "The tokenizer has no mask_token; choose a model that was trained on masked tokens.");
    }
    int[] rows = new int[dataset.size()];
    int[] lengths = new int[rows.length];
    int kept = 0;
    int truncated = 0;
    long targets = 0;
    MessageDigest digest = FileDigest.sha256();
    for (int row = 0; row < rows.length; row++) {
      String text = text(dataset, row);
      int[] ids = tokenizer.encodeTruncated(text, options.maxLength());
      long content = Arrays.stream(ids).filter(id -> !tokenizer.isSpecial(id)).count();
      if (content > 0) {
        rows[kept] = row;
        lengths[kept++] = ids.length;
        boolean full = ids.length == options.maxLength();
        truncated += full && tokenizer.encode(text, true).length > ids.length ? 1 : 0;
        targets += Math.max(1, Math.round(content * options.probability()));
        FileDigest.update(digest, ids);
      }
    }
    int[] used = Arrays.copyOf(lengths, kept);
    EncodingReport report =
        EncodingReport.ofRows(
            rows.length,
            kept,
            truncated,
            IntStream.of(used).asLongStream().sum(),
            targets,
            IntStream.of(used).max().orElse(0),
            digest);
    Dataset usable = kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept));
    return new MaskedBatches(usable, tokenizer, used, options, report);
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

  /** Returns the encoding report, whose target tokens are the expected number of masked tokens. */
  public EncodingReport report() {
    return report;
  }

  @Override
  public int count() {
    return batchSampler.count();
  }

  @Override
  public Iterator<TextBatch> epoch(int epoch, int firstBatch) {
    BatchSampler.Epoch batches = batchSampler.epoch(epoch);
    int round = options.shuffle() ? epoch : 0;
    return IntStream.range(firstBatch, count())
        .mapToObj(number -> batch(BatchSampler.single(batches.batch(number)), round))
        .iterator();
  }

  private TextBatch batch(int[] rows, int epoch) {
    List<LabeledSample> samples = new ArrayList<>();
    float[] weights = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      samples.add(sample(rows[i], epoch));
      weights[i] = 1;
    }
    return TextBatch.of(samples, weights, options.paddingId());
  }

  private LabeledSample sample(int row, int epoch) {
    int[] ids = tokenizer.encodeTruncated(text(dataset, row), options.maxLength());
    int[] labels = new int[ids.length];
    Arrays.fill(labels, TrainingSample.IGNORED);
    int[] content =
        IntStream.range(0, ids.length).filter(i -> !tokenizer.isSpecial(ids[i])).toArray();
    // Mixed, so that neighboring epochs and rows draw independently.
    SplittableRandom random =
        new SplittableRandom(
            new SplittableRandom(options.seed() + epoch).nextLong() ^ ((long) row << 20));
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
    return new LabeledSample(ids, new int[ids.length], true, labels, new float[0], false);
  }

  private void hide(int[] ids, int[] labels, int place, SplittableRandom random) {
    labels[place] = ids[place];
    double drawn = random.nextDouble();
    if (drawn < MASKED) {
      ids[place] = tokenizer.maskId().orElseThrow();
    } else if (drawn < RANDOM) {
      ids[place] = random.nextInt(options.vocabulary());
    }
  }
}
