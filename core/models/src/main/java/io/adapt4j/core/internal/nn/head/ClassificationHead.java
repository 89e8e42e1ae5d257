package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Classification head for a text or, without pooling, for each token: classifier(transform(pooled
 * x)).
 */
public record ClassificationHead(
    Optional<Pooling> pooling,
    Optional<Transform> transform,
    LinearSlot classifier,
    OptionalInt unpooled)
    implements EncoderHead {

  /** norm(act(dense(x))). */
  public record Transform(LinearSlot dense, Activation activation, Norm norm, boolean ofTokens) {

    /** Creates a transform of the pooled vector. */
    public Transform(LinearSlot dense, Activation activation, Norm norm) {
      this(dense, activation, norm, false);
    }

    Tensor forward(Ops ops, Tensor x) {
      return norm.forward(ops, ops.activation(dense.forward(ops, x), activation));
    }
  }

  public static ClassificationHead ofTexts(
      Pooling pooling, LinearSlot dense, Activation activation, Norm norm, LinearSlot classifier) {
    return new ClassificationHead(
        Optional.of(pooling),
        Optional.of(new Transform(dense, activation, norm)),
        classifier,
        OptionalInt.empty());
  }

  /** Creates a head for tokens without a transform. */
  public static ClassificationHead ofTokens(LinearSlot classifier) {
    return new ClassificationHead(
        Optional.empty(), Optional.empty(), classifier, OptionalInt.empty());
  }

  /**
   * Creates a decoder's head for texts: it scores the last token that is not the padding token,
   * like {@code GenericForSequenceClassification} of Transformers. If the padding token is also the
   * end-of-text token, that token is therefore not the one scored.
   */
  public static ClassificationHead ofLastTokens(LinearSlot classifier, OptionalInt paddingId) {
    return new ClassificationHead(
        Optional.of(Pooling.LAST), Optional.empty(), classifier, paddingId);
  }

  /**
   * Computes class logits of texts whose token ids are known.
   *
   * @param ids token ids, row-major [B, T]
   */
  public Tensor logits(Ops ops, Tensor hidden, long[] ids, long[] mask) {
    return logits(ops, hidden, pooledMask(hidden, ids, mask));
  }

  private long[] pooledMask(Tensor hidden, long[] ids, long[] mask) {
    return unpooled.isPresent()
        ? pooled(ids, mask, unpooled.getAsInt(), Math.toIntExact(hidden.size(1)))
        : mask;
  }

  /**
   * Computes the classifier's input.
   *
   * @return [B, features] of texts, [B, T, features] of tokens
   */
  public Tensor features(Ops ops, Tensor hidden, long[] ids, long[] mask) {
    return features(ops, hidden, pooledMask(hidden, ids, mask));
  }

  /**
   * Returns the mask without the unpooled token; a text that consists only of it keeps its first
   * one.
   */
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

  public Tensor logits(Ops ops, Tensor hidden, long[] mask) {
    return classifier.forward(ops, ops.dropClassifierInput(features(ops, hidden, mask)));
  }

  private Tensor features(Ops ops, Tensor hidden, long[] mask) {
    Optional<Transform> first = transform.filter(Transform::ofTokens);
    Tensor tokens = first.map(dense -> dense.forward(ops, hidden)).orElse(hidden);
    Tensor pooled = pooling.map(mode -> mode.pool(ops, tokens, mask)).orElse(tokens);
    return transform
        .filter(dense -> !dense.ofTokens())
        .map(dense -> dense.forward(ops, ops.dropHeadInput(pooled)))
        .orElse(pooled);
  }

  @Override
  public List<LinearSlot> linears() {
    return Stream.concat(transform.map(Transform::dense).stream(), Stream.of(classifier)).toList();
  }

  @Override
  public List<Parameter> parameters() {
    return transform.map(dense -> dense.norm().parameters()).orElse(List.of());
  }
}
