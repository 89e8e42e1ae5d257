package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * ELECTRA (Clark et al. 2020): BERT with a separate embedding width. The pretraining class predicts
 * for each token whether it was replaced; it is treated as a token classifier with one class.
 */
public final class Electra extends BuiltInFamily {

  private static final String PREFIX = "electra.";

  private static final StoredNames NAMES =
      StoredNames.of(
          PREFIX,
          List.of(
              "(electra\\.)?embeddings\\.position_ids",
              "generator_.*",
              "discriminator_.*",
              "classifier\\..*"));

  public Electra() {
    super("electra");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    DropoutRates rates = DropoutFields.ofBert(model.fields());
    return rates.withClassifier(rates.classifier(), rates.classifier());
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    boolean discriminates =
        model.architectures().stream().limit(1).anyMatch(name -> name.endsWith("ForPreTraining"));
    BertLike bert = BertLike.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    int width = model.fields().positiveInt("embedding_size", 128);
    Embeddings embeddings = bert.embeddings(width);
    Transformer body =
        bert.body(
            width == bert.hidden()
                ? embeddings
                : embeddings.projected(
                    LinearSlot.of(bert.prefix() + "embeddings_project", width, true, bert.hidden()),
                    Embeddings.Projection.Place.AFTER_NORM));
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS ->
              discriminates ? replacedTokens(bert) : maskedTokens(bert, embeddings, width);
          case CLASSES -> classes(bert);
          case TOKEN_CLASSES -> bert.tokenClasses();
        };
    return new Encoder(model, bert.dimensions(), NAMES, body, head, OptionalInt.empty());
  }

  private static EncoderHead replacedTokens(BertLike bert) {
    String path = "discriminator_predictions.";
    return new ClassificationHead(
        Optional.empty(),
        Optional.of(
            new ClassificationHead.Transform(
                LinearSlot.of(path + "dense", bert.hidden(), true, bert.hidden()),
                bert.activation(),
                Norm.NONE)),
        LinearSlot.of(path + "dense_prediction", bert.hidden(), true, 1),
        OptionalInt.empty());
  }

  private static EncoderHead maskedTokens(BertLike bert, Embeddings embeddings, int width) {
    boolean tied = bert.model().fields().bool("tie_word_embeddings", true);
    String vocabulary = "generator_lm_head.";
    String path = "generator_predictions.";
    return new MaskedLanguageHead(
        LinearSlot.of(path + "dense", bert.hidden(), true, width),
        Activation.GELU,
        LayerNorm.declare(path + "LayerNorm", width, true, bert.eps()),
        new VocabularyHead(
            tied
                ? embeddings.tokens()
                : Parameter.of(vocabulary + "weight", bert.vocabulary(), width),
            Parameter.of(vocabulary + "bias", bert.vocabulary()),
            1,
            0));
  }

  private static EncoderHead classes(BertLike bert) {
    return ClassificationHead.ofTexts(
        Pooling.FIRST,
        LinearSlot.of("classifier.dense", bert.hidden(), true, bert.hidden()),
        Activation.GELU,
        Norm.NONE,
        LinearSlot.of(
            "classifier.out_proj", bert.hidden(), true, EncoderTask.classes(bert.model())));
  }
}
