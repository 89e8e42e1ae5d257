package io.adapt4j.core;

import io.adapt4j.core.internal.load.ClassNames;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.task.TextProblem;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.LabelSet;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.NewTensors;
import io.adapt4j.core.internal.nn.OutputLayer;
import io.adapt4j.core.internal.nn.StoredModel;
import io.adapt4j.core.internal.nn.WeightFormat;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The model a task needs: the checkpoint's, with the task's output layer.
 *
 * @param folder where the checkpoint is
 * @param weights how its linear weights are held
 * @param config its configuration, changed for the task
 * @param labels names of the classes; empty where there are none
 * @param generates whether it predicts next tokens
 * @param replacesClassifier whether the checkpoint's classifier is left unread
 */
record TaskModel(
    Path folder,
    WeightFormat weights,
    ModelConfig config,
    List<String> labels,
    boolean generates,
    boolean replacesClassifier) {

  private static final String LABELS = "id2label";

  /**
   * Finds the model of a task. Reads the labels of the data where the task does not state them.
   *
   * @param weights how to hold the linear weights
   * @throws RuntimeException if the checkpoint's configuration is no base for the task
   */
  static TaskModel of(Task task, Path folder, WeightFormat weights, Dataset train) {
    StoredModel stored = StoredModel.read(folder, weights);
    if (task instanceof Task.Labelled labelled) {
      return labelled(labelled, folder, stored, train);
    }
    if (task instanceof Task.Reward) {
      return labelled(Task.regression(), folder, stored, train);
    }
    if (task instanceof Task.MaskedTokens) {
      ModelConfig config = withOutput(stored.config(), OutputLayer.MASKED_TOKENS);
      return new TaskModel(folder, stored.weights(), config, List.of(), false, false);
    }
    if (task instanceof Task.Embeddings embeddings) {
      return embeddings(embeddings, folder, stored);
    }
    return new TaskModel(folder, stored.weights(), stored.config(), List.of(), true, false);
  }

  private static TaskModel embeddings(Task.Embeddings task, Path folder, StoredModel stored) {
    SentenceFolder sentences = SentenceFolder.read(folder);
    if (!sentences.transformer().normalize().equals(folder.normalize())) {
      throw new IllegalArgumentException(
          "model: expected the network in the folder itself, found it in "
              + sentences.transformer()
              + ". Save the model with a current version of Sentence Transformers.");
    }
    TaskModel model =
        new TaskModel(folder, stored.weights(), stored.config(), List.of(), false, false);
    int hidden = Architectures.declareEncoder(stored.config()).dimensions().hiddenSize();
    try (VectorHead head = VectorHead.declare(hidden, sentences, VectorHead.Changes.NONE)) {
      boolean prompted = !(task.queryPrompt() + task.passagePrompt()).isEmpty();
      if (prompted && !head.includesPrompt()) {
        throw new IllegalArgumentException(
            "prompts: expected none, since the model's pooling says include_prompt: false, which"
                + " training does not follow. Leave the prompts out.");
      }
    }
    return model;
  }

  private static TaskModel labelled(
      Task.Labelled task, Path folder, StoredModel stored, Dataset train) {
    ModelConfig base = stored.config();
    OutputLayer layer =
        task.problem() == TextProblem.TOKEN_LABELS
            ? OutputLayer.TOKEN_CLASSES
            : OutputLayer.CLASSES;
    Optional<List<String>> present =
        layer.isOf(base) && !task.replacesClassifier()
            ? Optional.of(ClassNames.of(base))
            : Optional.empty();
    List<String> labels = labels(task, base, present, train);
    ModelConfig config = withPadding(withOutput(base, layer), folder);
    return new TaskModel(
        folder,
        stored.weights(),
        withLabels(config, task.problem(), labels),
        labels,
        false,
        layer.isOf(base) && task.replacesClassifier());
  }

  private static List<String> labels(
      Task.Labelled task, ModelConfig base, Optional<List<String>> present, Dataset train) {
    if (task.problem() == TextProblem.NUMBER) {
      if (!task.labels().isEmpty()) {
        throw new IllegalArgumentException(
            "labels: expected none for a regression, found " + task.labels());
      }
      List<String> one = present.orElse(List.of("LABEL_0"));
      if (one.size() != 1) {
        throw other(base, one, "one number");
      }
      return one;
    }
    if (task.labels().isEmpty() && train == null) {
      throw new IllegalArgumentException(
          "no labels: give a dataset that has them, or state them with labels(...)");
    }
    List<String> wanted = task.labels().isEmpty() ? LabelSet.in(train).names() : task.labels();
    if (present.isEmpty()) {
      requireEnough(task.problem(), wanted);
      return wanted;
    }
    LabelSet known = LabelSet.of(present.get());
    boolean stated = !task.labels().isEmpty();
    boolean fits =
        stated
            ? wanted.equals(present.get())
            : wanted.stream().allMatch(label -> known.find(label).isPresent());
    if (!fits) {
      throw other(base, present.get(), "the classes " + wanted);
    }
    return present.get();
  }

  private static void requireEnough(TextProblem problem, List<String> labels) {
    int least = problem == TextProblem.MANY_LABELS ? 1 : 2;
    if (labels.size() < least) {
      throw new IllegalArgumentException(
          "labels: expected at least "
              + least
              + " labels to tell apart, found "
              + labels
              + ". Check the field of the label, or state the labels.");
    }
  }

  private static RuntimeException other(ModelConfig base, List<String> found, String wanted) {
    return new IllegalArgumentException(
        base.fields().file()
            + ": "
            + LABELS
            + ": the checkpoint scores the classes "
            + found
            + ", but the task needs "
            + wanted
            + ". Say replaceClassifier() to train a new classifier in its place.");
  }

  private static ModelConfig withOutput(ModelConfig base, OutputLayer layer) {
    return layer.isOf(base)
        ? base
        : base.with(
            "architectures", JsonNodeFactory.instance.arrayNode().add(layer.className(base)));
  }

  /** Decoders find the last token of a text by the padding after it, in Transformers. */
  private static ModelConfig withPadding(ModelConfig config, Path folder) {
    if (config.padTokenId().isPresent()) {
      return config;
    }
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return config.with("pad_token_id", IntNode.valueOf(tokenizer.paddingId()));
    }
  }

  private static ModelConfig withLabels(
      ModelConfig config, TextProblem problem, List<String> labels) {
    ObjectNode byNumber = JsonNodeFactory.instance.objectNode();
    ObjectNode byName = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < labels.size(); i++) {
      byNumber.put(String.valueOf(i), labels.get(i));
      byName.put(labels.get(i), i);
    }
    ModelConfig named =
        config
            .with(LABELS, byNumber)
            .with("label2id", byName)
            .with("num_labels", IntNode.valueOf(labels.size()));
    return switch (problem) {
      case ONE_LABEL -> named.with("problem_type", TextNode.valueOf("single_label_classification"));
      case MANY_LABELS ->
          named.with("problem_type", TextNode.valueOf("multi_label_classification"));
      case NUMBER -> named.with("problem_type", TextNode.valueOf("regression"));
      case TOKEN_LABELS -> named;
    };
  }

  /** Declares the network with its weights in their format, and states what of it is new. */
  Network declare() {
    Network declared =
        generates ? Architectures.declareDecoder(config) : Architectures.declareEncoder(config);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      if (declared instanceof Encoder encoder) {
        Set<String> fresh = new HashSet<>(NewTensors.missing(encoder, checkpoint));
        if (replacesClassifier) {
          fresh.addAll(NewTensors.classifier(encoder));
        }
        encoder.beginAnew(fresh);
      }
      weights.install(declared, checkpoint);
    }
    return declared;
  }

  /** What does not fit together, read from headers only. */
  void checkWeights(Network declared) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(declared, checkpoint);
    }
  }

  /** Loads the network, its new tensors with their first values. */
  Network load(Precision precision, long seed) {
    Network network = declare();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(LoadedModel.type(precision, network, checkpoint));
      Weights.load(network, checkpoint);
      NewTensors.initialise(network, seed);
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }
}
