package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The weights of a checkpoint folder in the Hugging Face layout: {@code model.safetensors}, or
 * shards listed in {@code model.safetensors.index.json}. If both exist, the single file is read, as
 * in Transformers. All headers are checked on opening; tensor bytes are memory-mapped on demand.
 *
 * <p>Thread-safe. The caller closes it; a second close has no effect, and buffers returned earlier
 * stay valid.
 */
public final class Checkpoint implements AutoCloseable {

  /** Name of an unsharded weight file. */
  public static final String SINGLE_FILE = "model.safetensors";

  /** Name of the index file, which maps tensors to shards. */
  public static final String INDEX_FILE = "model.safetensors.index.json";

  private static final int LISTED_PROBLEMS = 10;

  private final Path folder;
  private final Map<String, TensorFile> fileOf;
  private final Collection<TensorFile> files;

  private Checkpoint(Path folder, Map<String, TensorFile> fileOf, Collection<TensorFile> files) {
    this.folder = folder;
    this.fileOf = fileOf;
    this.files = files;
  }

  private static Checkpoint decoded(
      Path folder, Map<String, TensorFile> fileOf, Collection<TensorFile> files) {
    Map<String, TensorFile> plain =
        ParametrizedWeights.shown(folder, EightBitFloats.shown(folder, fileOf));
    return new Checkpoint(folder, FlashNames.shown(folder, plain), files);
  }

  /** Returns whether a folder has weights that can be opened. */
  public static boolean exists(Path folder) {
    return Files.isRegularFile(folder.resolve(SINGLE_FILE))
        || Files.isRegularFile(folder.resolve(INDEX_FILE))
        || Files.isRegularFile(folder.resolve(SingleFileModels.MARKER));
  }

  public static Checkpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw CheckpointException.inFile(
          folder,
          "a checkpoint folder",
          Files.exists(folder) ? "a file" : "nothing",
          "Give the folder that holds config.json and the weights.");
    }
    Path single = folder.resolve(SINGLE_FILE);
    if (Files.exists(single)) {
      return single(folder, SplitTensors.of(SafetensorsFile.open(single)));
    }
    Path index = folder.resolve(INDEX_FILE);
    if (Files.exists(index)) {
      return openSharded(folder, index, readWeightMap(index));
    }
    return SingleFileModels.open(folder)
        .map(file -> single(folder, file))
        .orElseThrow(() -> noWeights(folder));
  }

  /** Opens a single safetensors file of any name, such as an adapter's. */
  public static Checkpoint openFile(Path file) {
    return single(file.toAbsolutePath().getParent(), SafetensorsFile.open(file));
  }

  /**
   * Opens a single safetensors file of any name through a view.
   *
   * @param view wraps the open file, which it closes
   */
  public static Checkpoint openFile(Path file, UnaryOperator<TensorFile> view) {
    return single(file.toAbsolutePath().getParent(), view.apply(SafetensorsFile.open(file)));
  }

  /**
   * Returns these weights with the LoRA matrices of one of {@code count} tasks added, in 32-bit
   * floats: their products times a factor. Every matrix must have its own. Both use the same files,
   * which closing either closes.
   */
  public Checkpoint adapted(int index, int count, int rank, double factor) {
    List<String> plain =
        names().stream()
            .filter(name -> !(fileOf.get(name) instanceof ParametrizedWeights))
            .filter(name -> entry(name).shape().size() > 1)
            .toList();
    if (!plain.isEmpty()) {
      throw CheckpointException.inTensor(
          folder,
          plain.get(0),
          "LoRA matrices of " + count + " tasks beside it, as config.json says",
          "none",
          "Load the model without a task, or fetch its original files.");
    }
    Map<String, TensorFile> adapted = new LinkedHashMap<>(fileOf);
    fileOf.values().stream()
        .filter(ParametrizedWeights.class::isInstance)
        .distinct()
        .map(view -> ((ParametrizedWeights) view).adapted(index, count, rank, factor))
        .forEach(view -> view.entries().keySet().forEach(name -> adapted.put(name, view)));
    return new Checkpoint(folder, adapted, files);
  }

  /** Returns a view with the layers in a new order; closing either closes the files. */
  public Checkpoint stacked(LayerStack stack) {
    Map<String, TensorFile> shown = new LinkedHashMap<>();
    RenamedTensors view = RenamedTensors.of(fileOf, stack.names(fileOf.keySet()));
    view.entries().keySet().forEach(name -> shown.put(name, view));
    return new Checkpoint(folder, shown, files);
  }

  /** {@return the folder the checkpoint was opened with} */
  public Path folder() {
    return folder;
  }

  public Set<String> names() {
    return Collections.unmodifiableSet(fileOf.keySet());
  }

  /** Returns one tensor's type, shape and position. */
  public TensorEntry entry(String name) {
    return holder(name).entry(name);
  }

  /** Maps a whole tensor. */
  public ByteBuffer bytes(String name) {
    return holder(name).bytes(name);
  }

  /** Maps part of a tensor. */
  public ByteBuffer bytes(String name, long offset, int length) {
    return holder(name).bytes(name, offset, length);
  }

  /** Copies part of a tensor into the caller's memory; see {@link SafetensorsFile#read}. */
  public void read(String name, long offset, ByteBuffer target) {
    holder(name).read(name, offset, target);
  }

  /**
   * Returns the file with a tensor, if it is of the given class: the file, which this checkpoint
   * closes; empty if it is of another class.
   */
  public <T extends TensorFile> Optional<T> file(String name, Class<T> kind) {
    TensorFile file = holder(name);
    return kind.isInstance(file) ? Optional.of(kind.cast(file)) : Optional.empty();
  }

  /**
   * Returns a tensor's size in its file in bytes; fewer than its entry says if it is stored
   * quantized.
   */
  public long storedBytes(String name) {
    return holder(name).storedBytes(name);
  }

  /** Returns the name that the file uses for the type of a tensor's values. */
  public String storedType(String name) {
    return holder(name).storedType(name);
  }

  /** Returns the total size of all tensors in bytes, headers not counted. */
  public long totalBytes() {
    return names().stream().mapToLong(this::storedBytes).sum();
  }

  /** Returns the number of stored values. A tied matrix is stored, and counted, once. */
  public long parameterCount() {
    return names().stream().mapToLong(name -> entry(name).elements()).sum();
  }

  /**
   * Checks that the checkpoint has exactly the tensors a model needs, with the right shapes,
   * without reading their data.
   */
  public void requireTensors(Map<String, List<Long>> expected) {
    requireTensors(expected, name -> false);
  }

  /** Checks like {@link #requireTensors(Map)}, but allows some additional tensors. */
  public void requireTensors(Map<String, List<Long>> expected, Predicate<String> ignorable) {
    List<String> missing = new ArrayList<>();
    List<String> misshapen = new ArrayList<>();
    new TreeMap<>(expected)
        .forEach(
            (name, shape) -> {
              if (!fileOf.containsKey(name)) {
                missing.add(name + " " + shape);
              } else if (!entry(name).shape().equals(shape)) {
                TensorEntry found = entry(name);
                misshapen.add(
                    "%s (expected %s, found %s in %s)"
                        .formatted(name, shape, found.shape(), found.file().getFileName()));
              }
            });
    List<String> unexpected =
        names().stream()
            .filter(name -> !expected.containsKey(name) && !ignorable.test(name))
            .map(name -> name + " " + entry(name).shape())
            .sorted()
            .toList();
    if (!missing.isEmpty() || !misshapen.isEmpty() || !unexpected.isEmpty()) {
      throw new CheckpointException(
          folder
              + ": the weights do not fit the configuration."
              + listed("missing", missing)
              + listed("with a wrong shape", misshapen)
              + listed("unexpected", unexpected)
              + "\nCheck that config.json and the weight files belong to the same model.");
    }
  }

  /** Closes all files; buffers returned earlier stay valid. */
  @Override
  public void close() {
    files.forEach(TensorFile::close);
  }

  private TensorFile holder(String name) {
    TensorFile file = fileOf.get(name);
    if (file == null) {
      throw CheckpointException.inTensor(
          folder,
          name,
          "the tensor in this checkpoint",
          fileOf.size() + " others",
          "Check the name against names().");
    }
    return file;
  }

  private static String listed(String kind, List<String> problems) {
    if (problems.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    text.append('\n').append(problems.size()).append(' ').append(kind).append(':');
    problems.stream()
        .limit(LISTED_PROBLEMS)
        .forEach(problem -> text.append("\n  ").append(problem));
    if (problems.size() > LISTED_PROBLEMS) {
      text.append("\n  and ").append(problems.size() - LISTED_PROBLEMS).append(" more");
    }
    return text.toString();
  }

  private static Checkpoint single(Path folder, TensorFile file) {
    Map<String, TensorFile> fileOf = new LinkedHashMap<>();
    file.entries().keySet().forEach(name -> fileOf.put(name, file));
    return decoded(folder, fileOf, List.of(file));
  }

  private static Checkpoint openSharded(Path folder, Path index, Map<String, String> weightMap) {
    Map<String, SafetensorsFile> shards = new TreeMap<>();
    try {
      for (String shard : weightMap.values()) {
        if (!shards.containsKey(shard)) {
          shards.put(shard, openShard(folder, index, shard));
        }
      }
      Map<String, TensorFile> fileOf = new LinkedHashMap<>();
      shards.forEach(
          (shard, file) -> {
            for (String name : file.entries().keySet()) {
              if (shard.equals(weightMap.get(name))) {
                fileOf.put(name, file);
              } else if (!weightMap.containsKey(name)) {
                throw CheckpointException.inTensor(
                    file.file(),
                    name,
                    "the tensor to be listed in " + INDEX_FILE,
                    "no entry",
                    "The shards and the index are not from the same save: fetch them again.");
              }
            }
          });
      for (Map.Entry<String, String> mapping : weightMap.entrySet()) {
        if (!fileOf.containsKey(mapping.getKey())) {
          throw CheckpointException.inTensor(
              folder.resolve(mapping.getValue()),
              mapping.getKey(),
              "the tensor in this shard, as " + INDEX_FILE + " says",
              "it missing",
              "The shards and the index are not from the same save: fetch them again.");
        }
      }
      Map<String, TensorFile> shown = new LinkedHashMap<>();
      shards.values().stream()
          .map(SplitTensors::of)
          .forEach(file -> file.entries().keySet().forEach(name -> shown.put(name, file)));
      return decoded(folder, shown, List.copyOf(shards.values()));
    } catch (RuntimeException e) {
      shards.values().forEach(TensorFile::close);
      throw e;
    }
  }

  private static SafetensorsFile openShard(Path folder, Path index, String shard) {
    Path file = shardPath(folder, index, shard);
    if (!Files.exists(file)) {
      throw CheckpointException.inFile(
          index,
          "every shard of weight_map in the folder",
          "'" + shard + "' missing",
          "The checkpoint is incomplete: download the missing shard.");
    }
    return SafetensorsFile.open(file);
  }

  /** Resolves a shard's file name, which must not lead out of the folder. */
  private static Path shardPath(Path folder, Path index, String shard) {
    try {
      Path relative = Path.of(shard);
      boolean plainName =
          relative.getNameCount() == 1
              && !relative.isAbsolute()
              && !shard.contains("/")
              && !shard.contains("\\")
              && !shard.equals("..")
              && !shard.equals(".")
              && !shard.isEmpty();
      if (plainName) {
        return folder.resolve(relative);
      }
    } catch (InvalidPathException e) {
      throw badShardName(index, shard, e);
    }
    throw badShardName(index, shard, null);
  }

  private static CheckpointException badShardName(Path index, String shard, Exception cause) {
    return new CheckpointException(
        index
            + ": weight_map: expected plain file names in the checkpoint folder, found '"
            + shard
            + "'. Do not use this checkpoint unless you trust it; correct the name if you do.",
        cause);
  }

  private static Map<String, String> readWeightMap(Path index) {
    JsonNode weightMap;
    try {
      weightMap =
          Json.parseStrictly(BoundedFiles.readText(index, BoundedFiles.INDEX)).path("weight_map");
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          index + ": not valid JSON: " + e.getOriginalMessage() + ". Download the file again.", e);
    } catch (BoundedFiles.TooLargeException e) {
      throw new CheckpointException(index + ": " + e.getReason() + ". Download the file again.", e);
    } catch (IOException e) {
      throw new CheckpointException(
          index + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
    }
    Map<String, String> shardOf = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : weightMap.properties()) {
      if (!field.getValue().isTextual()) {
        throw CheckpointException.inTensor(
            index,
            field.getKey(),
            "a shard's file name in weight_map",
            Json.compact(field.getValue()),
            "Download the file again.");
      }
      shardOf.put(field.getKey(), field.getValue().textValue());
    }
    if (shardOf.isEmpty()) {
      throw CheckpointException.inFile(
          index,
          "an object weight_map from tensor names to shards",
          weightMap.isMissingNode() ? "no such field" : Json.compact(weightMap),
          "Download the file again.");
    }
    return shardOf;
  }

  private static CheckpointException noWeights(Path folder) {
    List<String> pickles;
    try (Stream<Path> files = Files.list(folder)) {
      pickles =
          files
              .map(file -> file.getFileName().toString())
              .filter(Checkpoint::isPickle)
              .sorted()
              .toList();
    } catch (IOException e) {
      throw new CheckpointException(folder + ": listing the folder failed: " + e, e);
    }
    String wanted = SINGLE_FILE + " or " + INDEX_FILE;
    if (pickles.isEmpty()) {
      return CheckpointException.inFile(
          folder, wanted, "neither", "Give a folder with safetensors weights.");
    }
    return CheckpointException.inFile(
        folder,
        wanted,
        "only pickled weights " + pickles,
        "Pickle files are refused because loading one can run any code its author put in. Convert"
            + " them to safetensors where you trust the source: load the model with Transformers"
            + " and call save_pretrained(folder, safe_serialization=True).");
  }

  private static boolean isPickle(String name) {
    return name.endsWith(".bin")
        || name.endsWith(".pt")
        || name.endsWith(".pth")
        || name.endsWith(".ckpt")
        || name.equals("pytorch_model.bin.index.json");
  }
}
