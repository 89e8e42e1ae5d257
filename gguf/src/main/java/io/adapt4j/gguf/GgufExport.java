package io.adapt4j.gguf;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.LayerValues;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.tokenizer.TokenizerMetadata;
import io.adapt4j.gguf.internal.write.ChoiceHead;
import io.adapt4j.gguf.internal.write.DenseLayer;
import io.adapt4j.gguf.internal.write.EmbeddingMetadata;
import io.adapt4j.gguf.internal.write.GeneralMetadata;
import io.adapt4j.gguf.internal.write.ModelWeights;
import io.adapt4j.gguf.internal.write.PictureFile;
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
 * <p>An adapter is merged tensor by tensor: no merged checkpoint is written, and only a few tensors
 * are in memory at a time. Weights stored in 4 bits are dequantized. A model that llama.cpp would
 * compute differently from this library is rejected, naming the field. The file is written
 * atomically.
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
  private boolean textOnly;

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
   * Merges an adapter into the model: any LoRA variant, DoRA or (IA)3, including fully saved
   * modules.
   *
   * @param merged the adapter
   */
  public GgufExport adapter(Adapter merged) {
    Texts.require("merged", merged);
    adapter = Optional.of(merged);
    return this;
  }

  /**
   * Sets the type of the stored matrices.
   *
   * @param quantization the type
   */
  public GgufExport type(GgufQuantization quantization) {
    type = Objects.requireNonNull(quantization, "quantization");
    return this;
  }

  /**
   * Weights quantization error by the importance of each column on the user's own texts. Has no
   * effect on types of 8 or more bits.
   *
   * @param matrix computed from a dataset
   */
  public GgufExport importance(ImportanceMatrix matrix) {
    Texts.require("matrix", matrix);
    importance = Optional.of(matrix);
    return this;
  }

  /**
   * Sets the chat template. Defaults to the one the adapter was trained with, else the
   * checkpoint's.
   *
   * @param chatTemplate the template
   */
  public GgufExport template(ChatTemplate chatTemplate) {
    Texts.require("chatTemplate", chatTemplate);
    template = Optional.of(chatTemplate);
    return this;
  }

  /**
   * Sets the model's name. Defaults to the name of the repository or folder.
   *
   * @param modelName the name, written as {@code general.name}
   */
  public GgufExport name(String modelName) {
    Texts.require("modelName", modelName);
    name = Optional.of(modelName);
    return this;
  }

  /**
   * Sets llama.cpp's pre-tokenizer, for tokenizers from whose files it cannot be detected. A wrong
   * name yields different tokens than the model was trained on.
   *
   * @param preTokenizer llama.cpp's name, such as {@code llama-bpe} or {@code qwen2}
   */
  public GgufExport preTokenizer(String preTokenizer) {
    Texts.require("preTokenizer", preTokenizer);
    this.preTokenizer = Optional.of(preTokenizer);
    return this;
  }

  /**
   * Overrides the model's context length. A model whose sliding window llama.cpp ignores can be
   * exported with a context no longer than the window.
   *
   * @param tokens maximum number of tokens, at least 1
   */
  public GgufExport contextLength(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("contextLength: expected at least 1, found " + tokens);
    }
    contextLength = OptionalInt.of(tokens);
    return this;
  }

  /**
   * Exports a reranker for llama.cpp, with the instruction that Qwen3-Reranker was trained with.
   * See {@link #reranker(String)}.
   */
  public GgufExport reranker() {
    return reranker(ChoicePrompt.INSTRUCTION);
  }

  /**
   * Exports a reranker for llama.cpp: a language model that answers yes or no, such as
   * Qwen3-Reranker or a Qwen 3 trained with {@code Task.reranking()}. The file additionally holds
   * the output rows of yes and no and the prompt with this instruction. Without this call, the file
   * is that of a plain language model.
   *
   * @param instruction the criterion that relevant documents meet
   * @throws IllegalArgumentException if the instruction is blank or contains {@code {query}} or
   *     {@code {document}}, which llama.cpp substitutes
   */
  public GgufExport reranker(String instruction) {
    Texts.require("instruction", instruction);
    ChoiceHead.requireSupported(instruction);
    this.instruction = Optional.of(instruction);
    return this;
  }

  /** Leaves out the image tower and projector of a model that reads pictures. */
  public GgufExport textOnly() {
    textOnly = true;
    return this;
  }

  /**
   * Writes an Ollama Modelfile into the file's folder.
   *
   * @param content further content of the Modelfile
   */
  public GgufExport modelfile(Modelfile content) {
    modelfile = content;
    return this;
  }

  /**
   * Writes the file; of a model that reads pictures also the image tower and projector, as {@code
   * mmproj-model.gguf} beside {@code model.gguf}, in F32 if the type is F32, else in F16.
   *
   * @param file the file to create or replace; missing folders are created
   * @return the exported model
   * @throws io.adapt4j.core.exception.CheckpointException if the model or the adapter cannot be
   *     read, or GGUF or llama.cpp does not support it; the message names the field
   * @throws io.adapt4j.gguf.format.GgufException if writing fails; an existing file is unchanged
   *     then
   */
  public ExportedModel to(Path file) {
    Texts.require("file", file);
    if (type.needsImportance() && importance.isEmpty()) {
      throw new IllegalArgumentException(
          "type: expected an importance matrix for "
              + type
              + ", without which llama.cpp's quantizer refuses it; measure one"
              + " (ImportanceMatrix.measure), or use Q2_K");
    }
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
      Optional<PictureFile> pictures = pictures(folder, weights, workers);
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
      // A killed export leaves a temporary file as large as a model.
      Temporaries.sweepOlderThan(
          file.resolveSibling(".").toAbsolutePath().normalize(), Duration.ofHours(24));
      GgufWriter.write(file, metadata, sources);
      Optional<Path> mmproj =
          pictures.map(picture -> picture.write(ExportedModel.mmprojBeside(file)));
      Map<TensorType, Integer> types = new EnumMap<>(TensorType.class);
      sources.forEach(tensor -> types.merge(tensor.type(), 1, Integer::sum));
      Optional<Path> beside =
          Optional.ofNullable(modelfile)
              .map(content -> content.write(file, metadata, chatTemplate(folder), folder));
      return new ExportedModel(
          file, type, folder, adapter, tensors.parameters(), size(file), types, beside, mmproj);
    } finally {
      workers.shutdownNow();
    }
  }

  private Optional<PictureFile> pictures(
      Path folder, ModelWeights weights, ExecutorService workers) {
    if (textOnly && weights.changesTower()) {
      throw new CheckpointException(
          adapter.orElseThrow().name()
              + ": expected an adapter of the text model, found one that also changes the image"
              + " tower or projector. Export both, without textOnly (--text-only).");
    }
    if (textOnly || !weights.hasPictures()) {
      return Optional.empty();
    }
    TensorType matrices = type == GgufQuantization.F32 ? TensorType.F32 : TensorType.F16;
    return Optional.of(PictureFile.of(folder, weights, modelName(folder), matrices, workers));
  }

  /** Returns the type of each tensor in the file, keyed by the checkpoint's names. */
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
                              rounded(place)
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

  private Place rounded(Place place) {
    if (place.layout().turnsStack() && place.layout().reordersRows()) {
      throw new CheckpointException(
          "tensor '%s': expected a matrix with blocks along its rows, but %s files have a part of it transposed. Train without rounding."
              .formatted(place.name(), type));
    }
    return place;
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
    TokenizerMetadata tokenizer = TokenizerMetadata.read(folder, family, weights.vocabularySize());
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
      // llama.cpp's quantizer appends these two to the keys of a converted file.
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

  /** Returns the chat template given to the adapter's run, or one that the base lacks. */
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

  /** Returns the first layer's heads by its key-value heads, as llama.cpp counts them. */
  private static int headsPerGroup(GgufFamily family, Facts facts) {
    GgufMetadata.Builder target = GgufMetadata.builder();
    family.describe(facts, OptionalInt.empty(), target);
    GgufMetadata described = target.build();
    String key = family.architecture() + ".attention.head_count";
    long heads = ofFirstLayer(described, key, 0);
    long groups = ofFirstLayer(described, key + "_kv", heads);
    return groups == 0 ? 0 : (int) (heads / groups);
  }

  private static long ofFirstLayer(GgufMetadata metadata, String key, long other) {
    return metadata
        .integer(key)
        .orElseGet(() -> metadata.integers(key).map(layers -> layers[0]).orElse(other));
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
        type.mixture(),
        layers,
        tensors.valueTensors(),
        headsPerGroup(family, facts),
        !tensors.has(GgufFamily.OUTPUT),
        largest,
        importance.isPresent(),
        tensors.experts(),
        family.architecture().equals("falcon"));
  }
}
