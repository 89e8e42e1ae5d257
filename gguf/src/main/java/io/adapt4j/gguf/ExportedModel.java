package io.adapt4j.gguf;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.TensorType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A written GGUF file and the model it was exported from.
 *
 * @param file the file
 * @param quantization quantization type of its matrices
 * @param source folder of the source checkpoint
 * @param adapter the adapter merged into it; empty if there was none
 * @param parameters number of stored values
 * @param bytes size of the file
 * @param types number of tensors of each type
 * @param modelfile the Ollama Modelfile in the same folder; empty if none was requested
 * @param mmproj the image tower and projector in the same folder; empty if there are none
 */
public record ExportedModel(
    Path file,
    GgufQuantization quantization,
    Path source,
    Optional<Adapter> adapter,
    long parameters,
    long bytes,
    Map<TensorType, Integer> types,
    Optional<Path> modelfile,
    Optional<Path> mmproj) {

  /**
   * Types of matrices that are never requantized: those of routers, and of experts stored in MXFP4.
   */
  private static final Set<TensorType> AS_STORED = Set.of(TensorType.F32, TensorType.MXFP4);

  /** Token limit per text in a verification; longer texts are truncated. */
  public static final int VERIFIED_TOKENS = 512;

  /** Number of tokens generated after each text in a verification. */
  public static final int VERIFIED_NEW_TOKENS = 32;

  /** Copies the map. */
  public ExportedModel {
    types = Map.copyOf(types);
  }

  /** {@return the bits per value of the model, metadata included} */
  public double bitsPerParameter() {
    return 8.0 * bytes / parameters;
  }

  /**
   * Counts the matrices stored in a substitute type of more bits because their row length is not a
   * multiple of the block size: Q4_K and its kin need multiples of 256 values.
   *
   * @return number of matrices by substitute type; empty if none
   */
  public Map<TensorType, Integer> substitutes() {
    int block = quantization.base().blockSize();
    Map<TensorType, Integer> substitutes = new EnumMap<>(TensorType.class);
    try (GgufFile written = GgufFile.open(file)) {
      for (GgufTensor tensor : written.tensors().values()) {
        boolean quantized = tensor.shape().size() > 1 && !AS_STORED.contains(tensor.type());
        if (quantized && tensor.shape().get(0) % block != 0) {
          substitutes.merge(tensor.type(), 1, Integer::sum);
        }
      }
    }
    return substitutes;
  }

  /**
   * Reads the file back and compares it with its source model, adapter included, on texts; both run
   * in fp32. Texts are truncated to {@value #VERIFIED_TOKENS} tokens, and {@value
   * #VERIFIED_NEW_TOKENS} tokens are generated greedily after each.
   *
   * @param texts prompts or held-out rows; at least one
   * @return the comparison
   * @throws io.adapt4j.core.exception.CheckpointException if one of them cannot be read any more
   */
  public ExportVerification verify(List<String> texts) {
    return verify(texts, VERIFIED_TOKENS, VERIFIED_NEW_TOKENS);
  }

  /**
   * Compares as {@link #verify(List)} does, with the given lengths.
   *
   * @param maxTokens token limit per text, at least 1
   * @param newTokens number of tokens to generate after each text; 0 for none
   * @return the comparison
   */
  public ExportVerification verify(List<String> texts, int maxTokens, int newTokens) {
    if (texts.isEmpty() || maxTokens < 1 || newTokens < 0) {
      throw new IllegalArgumentException(
          "texts, maxTokens, newTokens: expected at least 1, 1 and 0, found %d, %d and %d"
              .formatted(texts.size(), maxTokens, newTokens));
    }
    try (Comparison comparison = compared(maxTokens, newTokens)) {
      texts.forEach(comparison::add);
      return comparison.result();
    }
  }

  /**
   * Compares as {@link #verify(List)} does, on rows of a dataset such as the validation set. Chats
   * are rendered in the chat template of each side.
   *
   * @param rows the dataset
   * @param count number of rows to take from its start, at least 1
   * @return the comparison
   */
  public ExportVerification verify(Dataset rows, int count) {
    if (count < 1 || rows.size() == 0) {
      throw new IllegalArgumentException(
          rows.name() + ": expected at least 1 row, found " + Math.min(count, rows.size()));
    }
    try (Comparison comparison = compared(VERIFIED_TOKENS, VERIFIED_NEW_TOKENS)) {
      comparison.add(rows, count);
      return comparison.result();
    }
  }

  /**
   * Writes a comparison as an HTML page next to the file: {@code support.verification.html} for
   * {@code support.gguf}. The page loads nothing and replaces an earlier one. If the adapter is in
   * the folder of a training run, the comparison is also added to that run's {@code report.html},
   * until the run is resumed and rewrites its report.
   *
   * @param proof the result of {@link #verify(Dataset, int)}
   * @return the page
   */
  public Path writeReport(ExportVerification proof) {
    String name = String.valueOf(file.getFileName());
    String description =
        String.format(
            Locale.ROOT,
            "%s, %.1f MB, %.2f bits a value",
            quantization,
            bytes / 1e6,
            bitsPerParameter());
    VerificationPage page = new VerificationPage(name, description, proof);
    Path beside = reportBeside(file);
    page.write(beside);
    adapter.map(AdapterMechanics::of).flatMap(AdapterMechanics::folder).stream()
        .flatMap(folder -> VerificationPage.reportsOf(folder).stream())
        .filter(Files::isRegularFile)
        .findFirst()
        .ifPresent(page::addTo);
    return beside;
  }

  /**
   * Returns the path of the page that {@link #writeReport} writes.
   *
   * @param file a GGUF file
   * @return the page, in the same folder
   */
  public static Path reportBeside(Path file) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(name.replaceFirst("(?i)\\.gguf$", "") + ".verification.html");
  }

  /**
   * Returns the path of the image tower and projector that an export of a model that reads pictures
   * writes.
   *
   * @param file the file of the text model
   * @return the mmproj file, in the same folder
   */
  public static Path mmprojBeside(Path file) {
    return file.resolveSibling("mmproj-" + file.getFileName());
  }

  private Comparison compared(int maxTokens, int newTokens) {
    return new Comparison(
        source,
        adapter.map(AdapterMechanics::of),
        ModelSource.path(file).folder(),
        maxTokens,
        newTokens);
  }
}
