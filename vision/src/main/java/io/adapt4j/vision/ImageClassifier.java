package io.adapt4j.vision;

import io.adapt4j.core.Classification;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.ClassScores;
import io.adapt4j.core.internal.load.ClassNames;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.tower.ComputeType;
import io.adapt4j.vision.internal.tower.PictureClassifier;
import io.adapt4j.vision.internal.tower.PictureClassifiers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A classifier of pictures: {@code ViTForImageClassification} (Dosovitskiy et al. 2021) and {@code
 * Dinov2ForImageClassification} (Oquab et al. 2023). Scores are those of {@link
 * io.adapt4j.core.TextClassifier}: a softmax over all classes, or what {@code problem_type} says.
 * Positions are resized for pictures whose size, after the folder's processor, is not the model's.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class ImageClassifier implements AutoCloseable {

  private static final int PICTURES_AT_ONCE = 16;

  private final PictureClassifier model;
  private final PictureProcessor processor;
  private final List<String> labels;
  private final ClassScores scores;
  private final SingleUse use;

  private ImageClassifier(
      PictureClassifier model,
      PictureProcessor processor,
      List<String> labels,
      ClassScores scores) {
    this.model = model;
    this.processor = processor;
    this.labels = labels;
    this.scores = scores;
    this.use = new SingleUse("ImageClassifier", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if a file is missing or malformed, the
   *     model is not such a classifier, or the weights do not match the configuration
   */
  public static ImageClassifier load(ModelSource source) {
    return load(source, Precision.AUTO);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static ImageClassifier load(ModelSource source, Precision precision) {
    Path folder = Texts.require("source", source).folder();
    Texts.require("precision", precision);
    ModelConfig config = ModelConfig.read(folder);
    PictureClassifier model = PictureClassifiers.declare(config);
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      List<String> labels = ClassNames.of(config, model.classes());
      ClassScores scores = ClassScores.of(config, model.classes());
      PictureProcessor processor = PictureProcessors.open(folder);
      model.load(checkpoint, ComputeType.of(precision, checkpoint));
      return new ImageClassifier(model, processor, labels, scores);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * Classifies a picture.
   *
   * @param picture the picture
   * @return the score of every class
   */
  public Classification classify(Picture picture) {
    return classifyAll(List.of(Texts.require("picture", picture))).get(0);
  }

  /**
   * Classifies pictures, several at once.
   *
   * @param pictures the pictures; may be empty
   * @return one result per picture, in their order
   */
  public List<Classification> classifyAll(List<Picture> pictures) {
    Texts.requireAll("pictures", pictures);
    return use.call(
        () -> {
          List<Classification> results = new ArrayList<>();
          for (int from = 0; from < pictures.size(); from += PICTURES_AT_ONCE) {
            int to = Math.min(from + PICTURES_AT_ONCE, pictures.size());
            results.addAll(part(pictures.subList(from, to)));
          }
          return results;
        });
  }

  private List<Classification> part(List<Picture> pictures) {
    try (Scope scope = Scope.open()) {
      float[] logits =
          model
              .logits(
                  Ops.inference(),
                  processor.pixels(pictures.stream().map(Picture::pixels).toList()))
              .toFloats();
      int classes = labels.size();
      return IntStream.range(0, pictures.size())
          .mapToObj(i -> result(Arrays.copyOfRange(logits, i * classes, (i + 1) * classes)))
          .toList();
    }
  }

  private Classification result(float[] logits) {
    double[] values = scores.apply(logits);
    return new Classification(
        IntStream.range(0, values.length)
            .mapToObj(i -> new Classification.LabelScore(labels.get(i), values[i]))
            .toList());
  }

  /**
   * Returns the names of the classes.
   *
   * @return an immutable list, in the model's order
   */
  public List<String> labels() {
    return labels;
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
