package io.adapt4j.lora;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.chat.TrainedFolder;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.SentenceFolderWriter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.lora.internal.peft.ClassOutput;
import io.adapt4j.lora.internal.peft.ModelTask;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Mechanics of attaching a LoRA adapter to a model, or merging it into the base's weights. */
record LoraAdapterMechanics(LoraAdapter adapter) implements AdapterMechanics {

  /** PEFT's task type for embedding models. */
  private static final String EMBEDDINGS = "FEATURE_EXTRACTION";

  /** Files of which a model that looks at pictures has one. */
  private static final List<String> PICTURES =
      List.of("preprocessor_config.json", "processor_config.json");

  static LoraAdapterMechanics at(Path folder) {
    return new LoraAdapterMechanics(LoraAdapter.at(folder));
  }

  @Override
  public String name() {
    return adapter.name();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(adapter.folder());
  }

  @Override
  public Optional<ModelConfig> modelConfig() {
    return PeftFolder.classConfig(adapter.folder());
  }

  @Override
  public Optional<ModelConfig> modelConfig(ModelConfig base) {
    return modelConfig().or(() -> ClassOutput.of(adapter.folder(), base));
  }

  @Override
  public Optional<LayerStack> layerStack() {
    return adapter.config().layerStack();
  }

  /**
   * Returns the digest in the folder's {@code provenance.json}, else that of the chat template in
   * the folder.
   */
  @Override
  public Optional<String> chatTemplateDigest() {
    return adapter.anyChatTemplate()
        ? Optional.empty()
        : PeftFolder.chatTemplateDigest(adapter.folder());
  }

  @Override
  public List<String> problems(Network declared) {
    return LoraFolder.problems(
        adapter.folder(), adapter.config(), AdapterPlan.of(adapter.config(), declared));
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    AdapterPlan plan = AdapterPlan.of(adapter.config(), declared);
    return plan.trainableSummary(declared, false, LoraModel.adapters(plan, adapter.config()));
  }

  /**
   * Attaches the adapter to a model. The base's own values of fully saved modules are kept along
   * with the adapter's. In fp32, merging needs no memory: {@link AttachedAdapter#unmerge} subtracts
   * the update, which restores weights up to rounding. In bf16, copies of the adapted weights are
   * kept while merged, so unmerging is exact.
   */
  @Override
  public LoraModel attach(Network network) {
    AdapterPlan plan = AdapterPlan.of(adapter.config(), network);
    PeftFolder.requireNone(LoraFolder.problems(adapter.folder(), adapter.config(), plan));
    LoraModel model = LoraModel.attach(network, plan, adapter.config());
    try (Checkpoint weights = LoraFolder.openWeights(adapter.folder(), adapter.config(), plan)) {
      model.repeatInitial(adapter.config());
      model.load(weights);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  @Override
  public LayerMerge layerMerge(Network declared) {
    AdapterPlan plan = AdapterPlan.of(adapter.config(), declared);
    PeftFolder.requireNone(LoraFolder.problems(adapter.folder(), adapter.config(), plan));
    if (!plan.tables().isEmpty()) {
      throw new CheckpointException(
          adapter.folder()
              + ": expected an adapter of projections and modules saved in full, found one that"
              + " updates "
              + plan.tables().get(0).path()
              + ". Merge it into a checkpoint first (LoraAdapter.writeMerged).");
    }
    return new LoraLayerMerge(
        declared,
        adapter.config(),
        plan,
        LoraFolder.openWeights(adapter.folder(), adapter.config(), plan));
  }

  /** Writes the adapter after a change of its values that needs the base's weights. */
  void rewrite(Path base, Path output, Consumer<LoraModel> change) {
    ModelConfig plain = ModelConfig.read(base);
    Optional<ModelConfig> classes = modelConfig(plain);
    try (Network network = declare(base, classes.orElseGet(() -> adapted(plain)))) {
      load(network, base, classes.isPresent());
      try (LoraModel model = attach(network)) {
        change.accept(model);
        new LoraTraining(model, adapter.config(), base, 0).save(output);
      }
    }
  }

  /** Writes the base with the adapter merged into its weights as dequantized from a format. */
  void writeMerged(Path base, WeightMechanics weights, Path output) {
    if (output.toAbsolutePath().normalize().equals(base.toAbsolutePath().normalize())) {
      throw new IllegalArgumentException(
          "output: expected another folder than the base's, found " + output);
    }
    ModelConfig plain = ModelConfig.read(base);
    Optional<ModelConfig> classes = modelConfig(plain);
    try (Network network = declare(base, classes.orElseGet(() -> adapted(plain)))) {
      StoredType type = load(network, base, classes.isPresent());
      DequantizedBase.fill(network, weights, base);
      try (AttachedAdapter attached = attach(network)) {
        attached.merge();
        CheckpointFolder.write(output, base, config(network), network, type);
        trainedTemplate(base)
            .ifPresent(template -> new TrainedFolder(base, output).write(template));
        if (classes.isEmpty() && embeds(network, base)) {
          SentenceFolderWriter.write(output, base, network.dimensions().hiddenSize());
        }
      }
    }
  }

  /** Declares a base's network, with its image tower if it has one and its files are there. */
  private Network declare(Path base, ModelConfig config) {
    Network network = Architectures.declare(StackedLayers.of(config, layerStack()));
    if (PICTURES.stream().anyMatch(name -> Files.isRegularFile(base.resolve(name)))) {
      PictureTraining.find(base, config).ifPresent(training -> network.join(training.declare()));
    }
    return network;
  }

  /**
   * Returns the configuration that the adapter was trained on: with or without the language model
   * head.
   */
  private ModelConfig adapted(ModelConfig base) {
    String type =
        ConfigReader.read(adapter.folder().resolve(PeftFolder.CONFIG))
            .optionalText("task_type")
            .orElse("");
    return switch (type) {
      case EMBEDDINGS -> Architectures.embedding(base);
      case "CAUSAL_LM" -> Architectures.generating(base);
      default -> base;
    };
  }

  /** Returns the chat template given to the adapter's run, or one that the base lacks. */
  private Optional<ChatTemplate> trainedTemplate(Path base) {
    boolean chosen =
        Provenance.find(adapter.folder()).filter(Provenance::choseChatTemplate).isPresent();
    return chosen || ChatTemplate.find(base).isEmpty()
        ? ChatTemplate.find(adapter.folder())
        : Optional.empty();
  }

  /**
   * Returns whether the output is an embedding model: its base is one, its network ends in hidden
   * states, or the adapter was trained for embeddings on a network with a masked-language-model
   * head.
   */
  private boolean embeds(Network network, Path base) {
    return Files.isRegularFile(base.resolve(SentenceFolder.MODULES))
        || ModelTask.type(network).equals(Optional.of(EMBEDDINGS))
        || (network instanceof Encoder
            && Provenance.find(adapter.folder()).filter(Provenance::trainsEmbeddings).isPresent());
  }

  /** Returns the base's configuration, untied if the adapter trained the head separately. */
  private static ModelConfig config(Network network) {
    ModelConfig base = network.modelConfig();
    boolean untied =
        network instanceof Decoder decoder
            && !decoder.isTied()
            && Architectures.declareDecoder(base).isTied();
    return untied ? base.withTieWordEmbeddings(false) : base;
  }

  private StoredType load(Network network, Path base, boolean bringsOutput) {
    if (bringsOutput) {
      try (Checkpoint checkpoint = network.modelConfig().openWeights(base)) {
        network.initializeNew(NewParameters.missing(network, checkpoint));
      }
    }
    PeftFolder.requireNone(problems(network));
    try (Checkpoint checkpoint = network.modelConfig().openWeights(base)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      network.pictureEncoder().ifPresent(encoder -> encoder.load(checkpoint, DType.F32));
      NewParameters.initialize(network, 0);
      return Weights.storedTypes(network, checkpoint).iterator().next();
    }
  }
}
