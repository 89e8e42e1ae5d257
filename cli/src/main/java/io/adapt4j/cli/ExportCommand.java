package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.task.RerankingTask;
import io.adapt4j.gguf.ExportVerification;
import io.adapt4j.gguf.ExportedModel;
import io.adapt4j.gguf.GgufAdapter;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.gguf.ImportanceMatrix;
import io.adapt4j.gguf.Modelfile;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.vision.VisionLanguageModel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a model or an adapter as a GGUF file. */
@Command(
    name = "export",
    description = "Writes a model, with an adapter merged into it, as a GGUF file for llama.cpp.",
    mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  @Option(names = "--to", paramLabel = "FILE", required = true, description = "The file to write.")
  private Path file;

  @Option(names = "--overwrite", description = "Replace files that are there.")
  private boolean overwrite;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "Type of the matrices: ${COMPLETION-CANDIDATES}. Q4_K_M if not given, of an adapter"
              + " alone F16.")
  private @Nullable GgufQuantization type;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "The adapter to merge, of any kind.")
  private @Nullable Path adapter;

  @Option(
      names = "--adapter-only",
      description = "Write the adapter alone, to be loaded beside its base.")
  private boolean adapterOnly;

  @Option(
      names = "--importance",
      paramLabel = "DATA",
      description =
          "Rows like those the model will meet: columns are quantized by how much they"
              + " matter there.")
  private @Nullable Path importance;

  @Option(
      names = "--chat-template",
      paramLabel = "NAME|FILE",
      description = "Another chat template than that of training or of the model.")
  private @Nullable String template;

  @Option(names = "--name", paramLabel = "NAME", description = "The model's name in the file.")
  private @Nullable String name;

  @Option(
      names = "--pre-tokenizer",
      paramLabel = "NAME",
      description = "llama.cpp's name of the pre-tokenizer, where the model's files do not tell.")
  private @Nullable String preTokenizer;

  @Option(
      names = "--context",
      paramLabel = "TOKENS",
      description = "State another context length than the model's.")
  private @Nullable Integer context;

  @Option(
      names = "--reranker",
      description =
          "Write a reranker that llama.cpp ranks documents with: a Qwen 3 that answers yes or no,"
              + " such as Qwen3-Reranker.")
  private boolean reranker;

  @Option(
      names = "--instruction",
      paramLabel = "TEXT",
      description = "With --reranker: what a document has to do. Without it Qwen3-Reranker's own.")
  private @Nullable String instruction;

  @Option(
      names = "--text-only",
      description = "Of a model that reads pictures, leave out the image tower (mmproj file).")
  private boolean textOnly;

  @Option(names = "--modelfile", description = "Write an Ollama Modelfile beside the file.")
  private boolean modelfile;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "The system message of the Modelfile.")
  private @Nullable String system;

  @Option(
      names = "--verify",
      paramLabel = "DATA",
      description =
          "Read the file back and compare it with the model on rows of this file, best some that"
              + " were kept out of training.")
  private @Nullable Path verify;

  @Option(
      names = "--verify-rows",
      paramLabel = "COUNT",
      defaultValue = "50",
      description = "Number of rows to compare on. Default: ${DEFAULT-VALUE}.")
  private int verifyRows;

  ExportCommand() {}

  @Override
  public Integer call() {
    Path folder = model.folder();
    if (Sequences.are(folder)) {
      Sequences.refuse(
          Map.of(
              "--verify", verify != null,
              "--importance", importance != null,
              "--chat-template", template != null,
              "--reranker", reranker,
              "--modelfile", modelfile,
              "--system", system != null));
    }
    if (reranker && adapterOnly) {
      throw new IllegalArgumentException(
          "--reranker: expected a whole model, found --adapter-only. llama.cpp has no adapters of"
              + " rerankers; leave --adapter-only out to merge it");
    }
    if (instruction != null && !reranker) {
      throw new IllegalArgumentException(
          "--instruction: expected --reranker beside it, found none");
    }
    Path target = target(folder);
    Optional<Adapter> merged = Optional.ofNullable(adapter).map(path -> Adapters.read(path, false));
    if (adapterOnly) {
      writeAdapter(folder, merged, target);
    } else {
      writeModel(folder, merged, target);
    }
    return ExitCode.OK;
  }

  /** Checks all input and output files before a model is read. */
  private Path target(Path folder) {
    if (importance != null) {
      Destination.rows("--importance", importance);
    }
    Path checked = Destination.file("--to", file, overwrite, "MODEL", model.path());
    if (!adapterOnly && !textOnly && VisionLanguageModel.reads(ModelSource.path(folder))) {
      Destination.file("--to", ExportedModel.mmprojBeside(checked), overwrite);
    }
    if (!adapterOnly && (modelfile || system != null)) {
      Destination.file("--to", checked.resolveSibling(Modelfile.FILE), overwrite);
    }
    if (verify != null) {
      Destination.rows("--verify", verify);
      if (verifyRows < 1) {
        throw new IllegalArgumentException(
            "--verify-rows: expected at least 1, found " + verifyRows + ". Correct the option.");
      }
      Destination.file("--to", ExportedModel.reportBeside(checked), overwrite);
    }
    return checked;
  }

  private void writeAdapter(Path folder, Optional<Adapter> alone, Path target) {
    if (alone.isEmpty()) {
      throw new IllegalArgumentException(
          "--adapter-only: expected --adapter beside it, found none");
    }
    GgufAdapter export = GgufAdapter.of(ModelSource.path(folder), alone.get());
    Optional.ofNullable(type).ifPresent(export::type);
    Optional.ofNullable(name).ifPresent(export::name);
    Optional.ofNullable(context).ifPresent(export::contextLength);
    export.to(target);
    output.write(
        "The adapter is in " + file,
        JsonNodeFactory.instance.objectNode().put("file", file.toString()));
  }

  private void writeModel(Path folder, Optional<Adapter> merged, Path target) {
    GgufExport export = GgufExport.of(folder);
    merged.ifPresent(export::adapter);
    Optional.ofNullable(type).ifPresent(export::type);
    Optional.ofNullable(name).ifPresent(export::name);
    Optional.ofNullable(preTokenizer).ifPresent(export::preTokenizer);
    Optional.ofNullable(context).ifPresent(export::contextLength);
    Optional.ofNullable(template).map(ChatTemplate::resolve).ifPresent(export::template);
    if (textOnly) {
      export.textOnly();
    }
    if (reranker) {
      export.reranker(instruction == null ? RerankingTask.INSTRUCTION : instruction);
    }
    if (importance != null) {
      export.importance(measured(folder, importance, merged));
    }
    if (modelfile || system != null) {
      Modelfile content = Modelfile.standard();
      export.modelfile(system == null ? content : content.system(system));
    }
    write(export.to(target));
  }

  private static ImportanceMatrix measured(Path folder, Path data, Optional<Adapter> merged) {
    return ImportanceMatrix.measure(
        ModelSource.path(folder),
        Datasets.read(data).open(),
        merged.stream().toArray(Adapter[]::new));
  }

  private void write(ExportedModel exported) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("file", exported.file().toString());
    json.put("type", exported.quantization().name());
    json.put("parameters", exported.parameters());
    json.put("bytes", exported.bytes());
    ObjectNode types = json.putObject("tensors");
    exported.types().forEach((each, count) -> types.put(each.name(), count));
    Map<TensorType, Integer> substitutes = exported.substitutes();
    ObjectNode larger = json.putObject("substitutes");
    substitutes.forEach((each, count) -> larger.put(each.name(), count));
    exported.mmproj().ifPresent(path -> json.put("mmproj", path.toString()));
    exported.modelfile().ifPresent(path -> json.put("modelfile", path.toString()));
    String text =
        String.format(
                Locale.ROOT,
                "The model is in %s: %s, %.1f MB, %.2f bits a value",
                exported.file(),
                exported.quantization(),
                exported.bytes() / 1e6,
                exported.bitsPerParameter())
            + substituted(exported.quantization(), substitutes);
    String verified = "";
    if (verify != null) {
      ExportVerification found = verified(exported, verify);
      Path page = exported.writeReport(found);
      json.set("verification", described(found));
      json.put("verificationPage", page.toString());
      verified = "\n" + found + "\nThe comparison is in " + page;
    }
    output.write(
        text
            + exported
                .mmproj()
                .map(path -> "\nThe image tower and projector are in " + path + " (--mmproj)")
                .orElse("")
            + exported.modelfile().map(path -> "\nThe Modelfile is " + path).orElse("")
            + verified,
        json);
  }

  private static String substituted(GgufQuantization type, Map<TensorType, Integer> substitutes) {
    if (substitutes.isEmpty()) {
      return "";
    }
    String counts =
        substitutes.entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(", "));
    return "\n%d matrices have rows that the blocks of %s do not divide, and more bits instead: %s"
        .formatted(substitutes.values().stream().mapToInt(Integer::intValue).sum(), type, counts);
  }

  private ExportVerification verified(ExportedModel exported, Path data) {
    return exported.verify(Datasets.read(data).open(), verifyRows);
  }

  private static ObjectNode described(ExportVerification found) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("texts", found.texts());
    json.put("tokens", found.tokens());
    json.put("textsInOtherTokens", found.otherTokens());
    json.put("largestLogitDifference", found.largestLogitDifference());
    json.put("perplexity", found.perplexity());
    json.put("filePerplexity", found.filePerplexity());
    json.put("likeliestAgreement", found.likeliestAgreement());
    json.put("generatedTokens", found.generatedTokens());
    json.put("agreedTokens", found.agreedTokens());
    ArrayNode partings = json.putArray("partings");
    for (ExportVerification.Parting parting : found.partings()) {
      partings
          .addObject()
          .put("text", parting.text())
          .put("position", parting.position())
          .put("expected", parting.expected())
          .put("found", parting.found())
          .put("margin", parting.margin());
    }
    return json;
  }
}
