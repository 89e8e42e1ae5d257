package io.adapt4j.gguf;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.nn.AdapterMechanics;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.task.RerankingTask;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.Facts;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.family.LayerValues;
import io.adapt4j.gguf.internal.tokenizer.TokenizerMetadata;
import io.adapt4j.gguf.internal.write.ChoiceHead;
import io.adapt4j.gguf.internal.write.DenseLayer;
import io.adapt4j.gguf.internal.write.EmbeddingMetadata;
import io.adapt4j.gguf.internal.write.GeneralMetadata;
import io.adapt4j.gguf.internal.write.ModelWeights;
import io.adapt4j.gguf.internal.write.TensorList;
import io.adapt4j.gguf.internal.write.TypeMix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model as a GGUF file for llama.cpp and Ollama, with its tokenizer and chat template.
 *
 * <pre>{@code
 * GgufExport.of(ModelSource.path(base))
 *     .adapter(Adapter.at(tuned))
 *     .type(GgufQuantization.Q4_K_M)
 *     .to(Path.of("model.gguf"));
 * }</pre>
 *
 * <p>An adapter is merged tensor by tensor on the way: no merged checkpoint is written, and never
 * more than a few tensors are in memory. Weights that a checkpoint stores in 4 bits are
 * dequantized. A model that llama.cpp would compute otherwise than this library is refused with the
 * field that says so. The file appears complete or not at all.
 *
 * <p>Not thread-safe.
 */
public final class GgufExport {

  private static final String QUANTIZATION_VERSION = "general.quantization_version";

  private final ModelSource source;
  private GgufQuantization type = GgufQuantization.Q4_K_M;
  private Optional<Adapter> adapter = Optional.empty();
  private Optional<ImportanceMatrix> importance = Optional.empty();
  private Optional<ChatTemplate> template = Optional.empty();
  private Optional<String> name = Optional.empty();
  private Optional<String> preTokenizer = Optional.empty();
  private Optional<String> instruction = Optional.empty();
  private OptionalInt contextLength = OptionalInt.empty();
  private @Nullable Modelfile modelfile;

  private GgufExport(ModelSource source) {
    this.source = source;
  }

  /**
   * Begins an export.
   *
   * @param source the model
   * @return the export, of type Q4_K_M
   */
  public static GgufExport of(ModelSource source) {
    return new GgufExport(Objects.requireNonNull(source, "source"));
  }

  /**
   * Begins an export of a folder.
   *
   * @param checkpoint the folder with {@code config.json}, weights and tokenizer
   * @return the export, of type Q4_K_M
   */
  public static GgufExport of(Path checkpoint) {
    return of(ModelSource.path(checkpoint));
  }

  /**
   * Merges an adapter into the model: LoRA in all its variants, DoRA, (IA)3, with the modules it
   * saves in full.
   *
   * @param merged the adapter
   * @return this
   */
  public GgufExport adapter(Adapter merged) {
    Texts.require("merged", merged);
    adapter = Optional.of(merged);
    return this;
  }

  /**
   * Chooses how matrices are stored.
   *
   * @param quantization the type
   * @return this
   */
  public GgufExport type(GgufQuantization quantization) {
    type = Objects.requireNonNull(quantization, "quantization");
    return this;
  }

  /**
   * Quantizes columns by how much they matter in the user's own texts. Has no effect on types of 8
   * bits and more.
   *
   * @param matrix computed from a dataset
   * @return this
   */
  public GgufExport importance(ImportanceMatrix matrix) {
    Texts.require("matrix", matrix);
    importance = Optional.of(matrix);
    return this;
  }

  /**
   * Sets the chat template. Without it the file has the one the adapter was trained in, else the
   * checkpoint's.
   *
   * @param chatTemplate the template
   * @return this
   */
  public GgufExport template(ChatTemplate chatTemplate) {
    Texts.require("chatTemplate", chatTemplate);
    template = Optional.of(chatTemplate);
    return this;
  }

  /**
   * Names the model. Without it the name is that of the repository or folder.
   *
   * @param modelName stands in the file as {@code general.name}
   * @return this
   */
  public GgufExport name(String modelName) {
    Texts.require("modelName", modelName);
    name = Optional.of(modelName);
    return this;
  }

  /**
   * Says how llama.cpp divides texts before byte pairs are merged, for tokenizers whose files do
   * not tell. A wrong name gives other tokens than the model was trained on.
   *
   * @param preTokenizer llama.cpp's name, such as {@code llama-bpe} or {@code qwen2}
   * @return this
   */
  public GgufExport preTokenizer(String preTokenizer) {
    Texts.require("preTokenizer", preTokenizer);
    this.preTokenizer = Optional.of(preTokenizer);
    return this;
  }

  /**
   * States another context length than the model's: a shorter one lets a model be exported whose
   * sliding window llama.cpp ignores.
   *
   * @param tokens the most tokens, at least 1
   * @return this
   */
  public GgufExport contextLength(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("contextLength: expected at least 1, found " + tokens);
    }
    contextLength = OptionalInt.of(tokens);
    return this;
  }

  /**
   * Writes a reranker that llama.cpp ranks documents with, by the instruction that Qwen3-Reranker
   * was trained with. See {@link #reranker(String)}.
   *
   * @return this
   */
  public GgufExport reranker() {
    return reranker(RerankingTask.INSTRUCTION);
  }

  /**
   * Writes a reranker that llama.cpp ranks documents with: a language model that answers yes or no,
   * such as Qwen3-Reranker or what {@code Task.reranking()} trains of Qwen 3. The file has besides
   * the model the output rows of yes and no, and the prompt with this instruction. Without it the
   * file is that of a language model.
   *
   * @param instruction what a document has to do
   * @return this
   * @throws IllegalArgumentException if the instruction is blank or has {@code {query}} or {@code
   *     {document}} in it, for which llama.cpp puts a text
   */
  public GgufExport reranker(String instruction) {
    Texts.require("instruction", instruction);
    ChoiceHead.requireSupported(instruction);
    this.instruction = Optional.of(instruction);
    return this;
  }

  /**
   * Writes an Ollama Modelfile into the file's folder.
   *
   * @param content what else it is to say
   * @return this
   */
  public GgufExport modelfile(Modelfile content) {
    modelfile = content;
    return this;
  }

  /**
   * Writes the file.
   *
   * @param file the file to create or replace; missing folders are created
   * @return what was written
   * @throws io.adapt4j.core.exception.CheckpointException if the model or the adapter cannot be
   *     read, or is of a kind that GGUF files or llama.cpp do not have; the message names the field
   * @throws io.adapt4j.gguf.format.GgufException if writing fails; a file that was there before is
   *     unchanged then
   */
  public ExportedModel to(Path file) {
    Texts.require("file", file);
    Path folder = source.folder();
    Optional<AdapterMechanics> mechanics = adapter.map(AdapterMechanics::of);
    ExecutorService workers =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(),
            task -> {
              Thread thread = new Thread(task, "gguf-export");
              thread.setDaemon(true);
              return thread;
            });
    try (ModelWeights weights = ModelWeights.open(folder, mechanics)) {
      GgufFamily family = Families.of(weights.config());
      Facts facts = family.facts(weights.config(), contextLength);
      family.requireSupported(facts);
      instruction.ifPresent(asked -> ChoiceHead.requireSupported(family, facts));
      List<DenseLayer> dense = DenseLayer.read(folder, family, facts);
      Optional<ChoiceHead> head = instruction.map(asked -> ChoiceHead.read(folder, weights, asked));
      TensorList converted =
          TensorList.of(weights, family, facts)
              .plus(dense.stream().map(DenseLayer::matrix).toList())
              .plus(head.stream().map(ChoiceHead::matrix).toList());
      GgufMetadata metadata = metadata(folder, weights, family, facts, converted, dense, head);
      TensorList tensors = type.isConverted() ? converted : converted.byLayer();
      List<TensorSource> sources =
          tensors.sources(
              new TypeMix(mix(family, facts, tensors)),
              importance.map(ImportanceMatrix::columns).orElse(Map.of()),
              workers);
      // What a killed export left takes as much space as a model.
      Temporaries.sweepOlderThan(
          file.resolveSibling(".").toAbsolutePath().normalize(), Duration.ofHours(24));
      GgufWriter.write(file, metadata, sources);
      Map<TensorType, Integer> types = new EnumMap<>(TensorType.class);
      sources.forEach(tensor -> types.merge(tensor.type(), 1, Integer::sum));
      Optional<Path> beside =
          Optional.ofNullable(modelfile)
              .map(content -> content.write(file, metadata, chatTemplate(folder), folder));
      return new ExportedModel(
          file, type, folder, adapter, tensors.parameters(), size(file), types, beside);
    } finally {
      workers.shutdownNow();
    }
  }

  /** How the file will store each tensor, by the names of the checkpoint. */
  Map<String, TensorType> types() {
    try (ModelWeights weights =
        ModelWeights.open(source.folder(), adapter.map(AdapterMechanics::of))) {
      GgufFamily family = Families.of(weights.config());
      Facts facts = family.facts(weights.config(), contextLength);
      TensorList converted = TensorList.of(weights, family, facts);
      TensorList tensors = type.isConverted() ? converted : converted.byLayer();
      Map<String, TensorType> types = new HashMap<>();
      tensors
          .sources(new TypeMix(mix(family, facts, tensors)), Map.of(), ForkJoinPool.commonPool())
          .forEach(
              tensor ->
                  family
                      .toStored(tensor.name(), weights.config())
                      .ifPresent(
                          place ->
                              place
                                  .stored(tensor.shape())
                                  .forEach(
                                      stored ->
                                          types.merge(
                                              stored.name(),
                                              tensor.type(),
                                              (first, second) ->
                                                  same(stored.name(), first, second)))));
      return types;
    }
  }

  private TensorType same(String name, TensorType first, TensorType second) {
    if (first != second) {
      throw new CheckpointException(
          "tensor '%s': expected one type, but %s files have parts of it in %s and %s. Choose another type."
              .formatted(name, type, first, second));
    }
    return first;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private GgufMetadata metadata(
      Path folder,
      ModelWeights weights,
      GgufFamily family,
      Facts facts,
      TensorList tensors,
      List<DenseLayer> dense,
      Optional<ChoiceHead> head) {
    GgufMetadata.Builder target = GgufMetadata.builder();
    target.string("general.architecture", family.architecture());
    family.describeFirst(facts, target);
    for (LayerValues values : family.layerValues()) {
      float[] all = new float[facts.decoder().layers()];
      for (int layer = 0; layer < all.length; layer++) {
        all[layer] = weights.value(values.name(layer), values.constant());
      }
      target.float32s(values.key(), all);
    }
    GeneralMetadata.write(folder, modelName(folder), tensors, target);
    boolean converted = type.isConverted();
    OptionalInt fileType = OptionalInt.of(type.fileType());
    family.describe(facts, converted ? fileType : OptionalInt.empty(), target);
    if (converted) {
      target.uint32(QUANTIZATION_VERSION, 2);
    }
    TokenizerMetadata tokenizer =
        TokenizerMetadata.read(folder, weights.config().modelType(), weights.vocabularySize());
    dense.forEach(layer -> layer.describe(family.architecture() + ".", target));
    if (head.isPresent()) {
      head.get().describe(target);
    } else {
      EmbeddingMetadata.write(folder, family, facts, tokenizer.lowercases(), target);
    }
    Map<String, String> templates = new LinkedHashMap<>(templates(folder));
    head.ifPresent(found -> templates.put(ChoiceHead.TEMPLATE, found.template()));
    tokenizer.write(preTokenizer, templates, target);
    if (!converted) {
      // llama.cpp's quantizer sets these two anew, at the end of a converted file's keys.
      target.uint32(QUANTIZATION_VERSION, 2);
      target.uint32(GgufFamily.FILE_TYPE, type.fileType());
    }
    return target.build();
  }

  private String modelName(Path folder) {
    return name.or(source::repository)
        .orElseGet(
            () -> {
              Path last = folder.toAbsolutePath().normalize().getFileName();
              return last == null ? "model" : GeneralMetadata.title(last.toString());
            });
  }

  private Map<String, String> templates(Path folder) {
    return chatTemplate(folder).map(ChatTemplate::sources).orElse(Map.of());
  }

  private Optional<ChatTemplate> chatTemplate(Path folder) {
    return template.or(() -> trainedTemplate(folder)).or(() -> ChatTemplate.find(folder));
  }

  /** The template that the adapter's run was given, or that the base lacks. */
  private Optional<ChatTemplate> trainedTemplate(Path folder) {
    Optional<Path> trained = adapter.map(AdapterMechanics::of).flatMap(AdapterMechanics::folder);
    return trained.flatMap(
        own -> {
          boolean chosen = Provenance.find(own).filter(Provenance::choseChatTemplate).isPresent();
          return chosen || ChatTemplate.find(folder).isEmpty()
              ? ChatTemplate.find(own)
              : Optional.empty();
        });
  }

  private TypeMix.Model mix(GgufFamily family, Facts facts, TensorList tensors) {
    int layers = facts.decoder().layers();
    boolean shared = facts.decoder().heads() != facts.decoder().kvHeads();
    boolean largest =
        layers == 80
            && (family.architecture().equals("qwen2")
                || (family.architecture().equals("llama") && shared));
    return new TypeMix.Model(
        type.base(),
        mixture(),
        layers,
        tensors.valueTensors(),
        !tensors.has(GgufFamily.OUTPUT),
        largest,
        importance.isPresent(),
        tensors.experts(),
        family.architecture().equals("falcon"));
  }

  private TypeMix.Mixture mixture() {
    return switch (type) {
      case F32, F16, BF16, Q8_0 -> TypeMix.Mixture.PLAIN;
      case Q4_0, Q5_0, Q6_K -> TypeMix.Mixture.OUTPUT;
      case Q4_K_S -> TypeMix.Mixture.SMALL;
      case Q4_K_M, Q5_K_M -> TypeMix.Mixture.MEDIUM;
    };
  }
}
