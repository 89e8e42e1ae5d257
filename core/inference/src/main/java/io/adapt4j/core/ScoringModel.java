package io.adapt4j.core;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.score.Scorer;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import java.util.Set;

/** A causal language model that scores texts. */
abstract class ScoringModel extends AdaptedModel {

  private final Scorer scorer;

  ScoringModel(String name, LoadedModel model, TrainedTemplates trainedTemplates) {
    super(name, model, trainedTemplates);
    this.scorer =
        new Scorer(model.decoder(), model.specialIds().pad(), model.decoder().contextLength());
  }

  /** Shares all state with another model. */
  ScoringModel(ScoringModel shared, TrainedTemplates trainedTemplates) {
    super(shared, trainedTemplates);
    this.scorer = shared.scorer;
  }

  Decoder decoder() {
    return exclusively(model::decoder);
  }

  /**
   * Scores a continuation.
   *
   * @param context the text before it; may be empty if the model has a bos or eos token
   */
  public TokenScores score(String context, String continuation) {
    Texts.require("context", context);
    Texts.require("continuation", continuation);
    return scoreAll(List.of(new ScoringRequest(context, continuation))).get(0);
  }

  /**
   * Scores continuations, in batches of similar length.
   *
   * <p>The boundary of context and continuation follows lm-evaluation-harness: trailing spaces of
   * the context move to the continuation, and both are encoded as one text. If both together are
   * too long, the context is truncated on the left and the result says so.
   */
  public List<TokenScores> scoreAll(List<ScoringRequest> requests) {
    Texts.requireAll("requests", requests);
    return computing(
        () ->
            scorer.score(
                TokenSpan.all(model.requireTokenizer(), requests, model.specialIds().first())));
  }

  /** Scores tokenized continuations, in batches of similar length. */
  public List<TokenScores> scoreIds(List<TokenSpan> spans) {
    Texts.requireAll("spans", spans);
    return computing(() -> scorer.score(spans));
  }

  /** {@return the model's tokenizer, which is closed with the model} */
  public Tokenizer tokenizer() {
    return share(model::requireTokenizer);
  }

  /**
   * {@return the model's context length in tokens, prompt and new tokens together}
   *
   * <p>This is {@code max_position_embeddings}, multiplied by the factor of a linear, dynamic or
   * yarn rotary scaling. Generation ends there with {@link FinishReason#CONTEXT_LENGTH}, except as
   * {@link GenerationOptions#ignoreContextLength()} says.
   */
  public int contextLength() {
    return model.decoder().contextLength();
  }

  /** {@return the number of parameters; tied weights count once} */
  public long parameterCount() {
    return exclusively(() -> model.decoder().parameterCount());
  }

  /** {@return the tokens that end a generation} */
  public Set<Integer> endTokenIds() {
    return model.specialIds().end();
  }

  /** {@return the padding token} */
  public int padTokenId() {
    return model.specialIds().pad();
  }
}
