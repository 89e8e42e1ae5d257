package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Scores classes of a whole text, or of each token where nothing is pooled: classifier(transform(
 * pooled x)).
 */
public record ClassificationHead(
    Optional<Pooling> pooling,
    Optional<Transform> transform,
    LinearSlot classifier,
    OptionalInt unpooled)
    implements EncoderHead {

  /** norm(act(dense(x))). */
  public record Transform(LinearSlot dense, Activation activation, Norm norm) {

    Tensor forward(Ops ops, Tensor x) {
      return norm.forward(ops, ops.activation(dense.forward(ops, x), activation));
    }
  }

  /** A head for texts with a transform. */
  public static ClassificationHead ofTexts(
      Pooling pooling, LinearSlot dense, Activation activation, Norm norm, LinearSlot classifier) {
    return new ClassificationHead(
        Optional.of(pooling),
        Optional.of(new Transform(dense, activation, norm)),
        classifier,
        OptionalInt.empty());
  }

  /** A head for tokens without a transform. */
  public static ClassificationHead ofTokens(LinearSlot classifier) {
    return new ClassificationHead(
        Optional.empty(), Optional.empty(), classifier, OptionalInt.empty());
  }

  /**
   * A decoder's head for texts: the score of the last token that is not the padding token, as
   * {@code GenericForSequenceClassification} of Transformers chooses it. Where the padding token is
   * also the end of a text, that end is therefore not what is scored.
   */
  static ClassificationHead ofLastTokens(LinearSlot classifier, OptionalInt paddingId) {
    return new ClassificationHead(
        Optional.of(Pooling.LAST), Optional.empty(), classifier, paddingId);
  }

  /**
   * Scores texts whose token ids are known.
   *
   * @param ids token ids, row-major [B, T]
   */
  Tensor logits(Ops ops, Tensor hidden, long[] ids, long[] mask) {
    return logits(ops, hidden, pooledMask(hidden, ids, mask));
  }

  private long[] pooledMask(Tensor hidden, long[] ids, long[] mask) {
    return unpooled.isPresent()
        ? pooled(ids, mask, unpooled.getAsInt(), Math.toIntExact(hidden.size(1)))
        : mask;
  }

  /**
   * Computes what the classifier reads.
   *
   * @return [B, features] of texts, [B, T, features] of tokens
   */
  Tensor features(Ops ops, Tensor hidden, long[] ids, long[] mask) {
    return features(ops, hidden, pooledMask(hidden, ids, mask));
  }

  /** The mask without a token; a text of nothing else keeps its first one. */
  private static long[] pooled(long[] ids, long[] mask, int unpooled, int length) {
    long[] kept = new long[mask.length];
    for (int row = 0; row < mask.length; row += length) {
      int first = -1;
      boolean any = false;
      for (int i = row; i < row + length; i++) {
        if (mask[i] != 0) {
          first = first < 0 ? i : first;
          kept[i] = ids[i] == unpooled ? 0 : 1;
          any |= kept[i] != 0;
        }
      }
      if (!any && first >= 0) {
        kept[first] = 1;
      }
    }
    return kept;
  }

  Tensor logits(Ops ops, Tensor hidden, long[] mask) {
    return classifier.forward(ops, ops.dropClassifierInput(features(ops, hidden, mask)));
  }

  private Tensor features(Ops ops, Tensor hidden, long[] mask) {
    Tensor pooled = pooling.map(other -> other.pool(ops, hidden, mask)).orElse(hidden);
    return transform.map(other -> other.forward(ops, ops.dropHeadInput(pooled))).orElse(pooled);
  }

  @Override
  public List<LinearSlot> linears() {
    return Stream.concat(transform.map(Transform::dense).stream(), Stream.of(classifier)).toList();
  }

  @Override
  public List<Parameter> parameters() {
    return transform.map(other -> other.norm().parameters()).orElse(List.of());
  }
}
