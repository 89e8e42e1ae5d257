package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Placement;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.LastQueries;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.head.TokenChoiceHead;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network that reads whole texts. It ends in hidden states, in logits of masked tokens, or in
 * class logits of a text or of its tokens, according to {@code architectures} in the configuration.
 * In an encoder, attention is bidirectional. The layers of a decoder may also be used under a
 * classification head; attention is then causal. Not thread safe.
 */
public final class Encoder extends Network {

  private final Placement placement;
  private final EncoderHead head;
  private final OptionalInt positionPadding;
  private final boolean causal;
  private final boolean shared;

  public Encoder(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Transformer body,
      EncoderHead head,
      OptionalInt positionPadding) {
    this(modelConfig, dimensions, storedNames, body, head, positionPadding, false, false);
  }

  /** Declares a network that reads texts. */
  public Encoder(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Transformer body,
      EncoderHead head,
      OptionalInt positionPadding,
      boolean causal,
      boolean shared) {
    super(modelConfig, dimensions, storedNames, body);
    this.placement = body.placement();
    this.head = head;
    this.positionPadding = positionPadding;
    this.causal = causal;
    this.shared = shared;
  }

  /** Returns whether the layers belong to a decoder that keeps using them. */
  @Override
  public boolean sharesLayers() {
    return shared;
  }

  @Override
  List<Parameter> headParameters() {
    return head.parameters();
  }

  @Override
  List<LinearSlot> headLinears() {
    return head.linears();
  }

  @Override
  public Optional<VocabularyHead> vocabulary() {
    return head instanceof MaskedLanguageHead own
        ? Optional.of(own.vocabulary())
        : Optional.empty();
  }

  @Override
  public long windowMasks() {
    return placement.windows().stream().filter(window -> window > 0).count();
  }

  /** Returns the number of token types, such as first and second text of a pair. */
  public int tokenTypes() {
    Parameter types = body().embeddings().types();
    return types == null ? 0 : Math.toIntExact(types.sizes()[0]);
  }

  /** Returns whether the model predicts masked tokens. */
  public boolean predictsTokens() {
    return head instanceof MaskedLanguageHead;
  }

  /** Returns whether classes are assigned to each token rather than to the text. */
  public boolean classifiesTokens() {
    return head instanceof ClassificationHead own && own.pooling().isEmpty();
  }

  /** {@return whether a text is scored by the choice between two tokens after it} */
  public boolean choosesTokens() {
    return head instanceof TokenChoiceHead;
  }

  public boolean isCausal() {
    return causal;
  }

  /** {@return whether the layers are those of a decoder family, causal or not} */
  public boolean hasDecoderLayers() {
    return !OutputLayer.isEncoder(modelConfig().modelType());
  }

  public int classes() {
    if (head instanceof TokenChoiceHead) {
      return 1;
    }
    return head instanceof ClassificationHead own
        ? Math.toIntExact(own.classifier().linear().outFeatures())
        : 0;
  }

  /**
   * Creates the positions of a batch.
   *
   * @param ids token ids, row-major [rows, length]
   */
  public Positions positions(long[] ids, long[] attentionMask, int rows, int length) {
    if (causal && head instanceof EncoderHead.None) {
      return placement.causalInPlace(attentionMask, rows, length, type());
    }
    return causal
        ? placement.causal(attentionMask, rows, length, type())
        : placement.bothWays(positionIds(ids, rows, length), attentionMask, rows, length, type());
  }

  private long[] positionIds(long[] ids, int rows, int length) {
    long[] positions = new long[ids.length];
    for (int row = 0; row < rows; row++) {
      long counted = positionPadding.orElse(-1);
      for (int i = row * length; i < (row + 1) * length; i++) {
        boolean padding = positionPadding.isPresent() && ids[i] == positionPadding.getAsInt();
        positions[i] = padding ? positionPadding.getAsInt() : ++counted;
      }
    }
    return positions;
  }

  /**
   * Runs the model through its final norm.
   *
   * @param ids token ids, I64 [B, T]
   * @param typeIds token types, I64 [B, T]; ignored if the model has none
   * @return [B, T, hidden]
   */
  public Tensor hidden(
      Ops ops, Tensor ids, Tensor typeIds, Positions positions, boolean recompute) {
    return body().forward(ops.dropping(dropout()), ids, typeIds, positions, recompute);
  }

  /**
   * Transforms hidden states into the input of the vocabulary head. Shape of {@code hidden}: [..,
   * hidden].
   */
  public Tensor vocabularyInput(Ops ops, Tensor hidden) {
    return maskedLanguageHead().transform(ops, hidden);
  }

  /** Returns the head that predicts masked tokens from {@link #vocabularyInput}. */
  public VocabularyHead vocabularyHead() {
    return maskedLanguageHead().vocabulary();
  }

  /**
   * Computes the class logits of each text or of each token. With a decoder's layers, a text is
   * scored at its last token that is not the configuration's {@code pad_token_id}, as in
   * Transformers: if that is also the end-of-text token, that token is not the one scored.
   *
   * @param hidden [B, T, hidden]
   * @param ids token ids, row-major [B, T]
   * @param attentionMask 1 on tokens and 0 on padding, row-major [B, T]
   * @return logits [B, classes] of texts, [B, T, classes] of tokens
   */
  public Tensor classLogits(Ops ops, Tensor hidden, long[] ids, long[] attentionMask) {
    if (head instanceof ClassificationHead own) {
      return own.logits(ops.dropping(dropout()), hidden, ids, attentionMask);
    }
    if (head instanceof TokenChoiceHead own) {
      return own.logits(ops, hidden, attentionMask);
    }
    throw new IllegalStateException(
        "This model has no classification head: " + modelConfig().architectures());
  }

  /**
   * Computes the class logits of each text or of each token, assuming that the padding token occurs
   * only as padding; {@link #classLogits(Ops, Tensor, long[], long[])} makes no such assumption.
   */
  public Tensor classLogits(Ops ops, Tensor hidden, long[] attentionMask) {
    if (head instanceof ClassificationHead own) {
      return own.logits(ops.dropping(dropout()), hidden, attentionMask);
    }
    throw new IllegalStateException(
        "This model has no classification head: " + modelConfig().architectures());
  }

  /**
   * Computes the input of the classifier layer.
   *
   * @return [B, features] of texts, [B, T, features] of tokens
   */
  public Tensor classifierInput(Ops ops, Tensor hidden, long[] ids, long[] attentionMask) {
    if (head instanceof ClassificationHead own) {
      return own.features(ops.dropping(dropout()), hidden, ids, attentionMask);
    }
    throw new IllegalStateException(
        "This model has no classification head: " + modelConfig().architectures());
  }

  public LinearSlot classifier() {
    if (head instanceof ClassificationHead own) {
      return own.classifier();
    }
    throw new IllegalStateException(
        "This model has no classification head: " + modelConfig().architectures());
  }

  /**
   * Returns the queries of the last layer, if the classifier reads the first token alone and no
   * other layer has the same ones.
   */
  public Optional<LastQueries> lastQueries() {
    List<Layer> layers = body().layers();
    if (shared || causal || layers.isEmpty() || !(head instanceof ClassificationHead own)) {
      return Optional.empty();
    }
    Layer last = layers.get(layers.size() - 1);
    return Collections.frequency(layers, last) == 1 ? LastQueries.of(last, own) : Optional.empty();
  }

  private MaskedLanguageHead maskedLanguageHead() {
    if (head instanceof MaskedLanguageHead own) {
      return own;
    }
    throw new IllegalStateException(
        "This model has no head for masked tokens: " + modelConfig().architectures());
  }
}
