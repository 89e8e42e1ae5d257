package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.picture.PictureFacts;
import io.adapt4j.gguf.internal.picture.PictureFamily;
import io.adapt4j.gguf.internal.picture.StoredTower;
import io.adapt4j.gguf.internal.tokenizer.TokenizerMetadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/** The mmproj file of a model that reads pictures: its image tower and its projector. */
public final class PictureFile {

  private static final String KERNEL = "v.patch_embd.weight";
  private static final String POSITIONS = "v.position_embd.weight";
  private static final String VISION = PictureFamily.VISION;
  private static final int FRAMES = 2;

  /** The size that the official converter states where positions have no table. */
  private static final int WITHOUT_TABLE = 560;

  private final ModelWeights weights;
  private final StoredTower tower;
  private final PictureFacts facts;
  private final TensorType type;
  private final List<TensorSource> tensors = new ArrayList<>();
  private final GgufMetadata metadata;

  private PictureFile(
      ModelWeights weights,
      StoredTower tower,
      PictureFacts facts,
      OptionalInt lineEnd,
      String title,
      TensorType type,
      ExecutorService workers) {
    this.weights = weights;
    this.tower = tower;
    this.facts = facts;
    this.type = type;
    List<TensorName> table = tower.family().names().apply(facts.model());
    List<String> names = new ArrayList<>(tower.names().keySet());
    names.sort(Comparator.comparing(weights::position));
    for (String name : names) {
      List<Place> places = table.stream().flatMap(row -> row.toGguf(name).stream()).toList();
      if (places.isEmpty()) {
        throw new CheckpointException(
            "tensor '"
                + name
                + "': mmproj files of "
                + facts.model().modelType()
                + " models have no place for it. Export a checkpoint without it, or the text model"
                + " alone (textOnly, --text-only).");
      }
      places.forEach(place -> tensors.add(source(name, place, workers)));
    }
    lineEnd.ifPresent(
        id ->
            tensors.add(
                new QuantizedRows(
                    "v.token_embd.img_break",
                    List.of((long) weights.width()),
                    TensorType.F32,
                    () -> embedding(id),
                    null,
                    workers)));
    metadata = metadata(title);
  }

  /**
   * Prepares the file, and rejects a model that llama.cpp would compute differently.
   *
   * @param type type of matrices, F16 or F32
   */
  public static PictureFile of(
      Path folder, ModelWeights weights, String name, TensorType type, ExecutorService workers) {
    ModelConfig model = weights.config();
    StoredTower tower =
        weights
            .tower()
            .orElseThrow(
                () ->
                    model
                        .fields()
                        .invalid(
                            "model_type",
                            "one of " + String.join(", ", PictureFamily.known()),
                            PictureFamily.whyNot(model)
                                + ": run this model here, or export its text model alone"
                                + " (textOnly, --text-only)."));
    PictureFacts facts = PictureFacts.read(folder, model);
    // A refused setting says more than the tensors that come with it.
    tower.family().keys().accept(facts, GgufMetadata.builder());
    return new PictureFile(
        weights,
        tower,
        facts,
        tower
            .family()
            .lineEnd()
            .map(token -> OptionalInt.of(TokenizerMetadata.addedToken(folder, token)))
            .orElseGet(OptionalInt::empty),
        name,
        type,
        workers);
  }

  private TensorSource source(String name, Place place, ExecutorService workers) {
    List<Long> stored = weights.towerShape(name);
    List<Long> shape = place.layout().ggufShape(stored);
    Supplier<Rows> rows = () -> new PlacedRows(weights.rows(name), place.layout());
    if (place.name().startsWith(KERNEL)) {
      int frame = place.name().equals(KERNEL) ? 0 : 1;
      int patch = patch(stored);
      int[] order = kernel(stored, patch, frame);
      long channels = order.length / ((long) patch * patch);
      shape = List.of((long) patch, (long) patch, channels, stored.get(0));
      rows = () -> new KernelRows(weights.rows(name), stored.get(0), order);
    }
    boolean small =
        shape.size() == 1
            || place.name().contains("norm")
            || place.name().startsWith("v.position_embd");
    return new QuantizedRows(
        place.name(), shape, small ? TensorType.F32 : type, rows, null, workers);
  }

  private Rows embedding(int id) {
    float[] values = new float[weights.width()];
    weights.rows(weights.embeddingName()).read(id, 1, values, 0);
    return new MemoryRows(values, values.length);
  }

  private int patch(List<Long> kernel) {
    return kernel.size() > 2
        ? Math.toIntExact(kernel.get(kernel.size() - 1))
        : facts.vision().positiveInt("patch_size", 16);
  }

  /**
   * Returns, for each value [channel, row, column] of a patch, its place in a stored row: in the
   * same order, in one of two frames, or with the channels last.
   */
  private static int[] kernel(List<Long> stored, int patch, int frame) {
    int area = patch * patch;
    int all = Math.toIntExact(stored.stream().skip(1).reduce(1L, Math::multiplyExact));
    int frames = stored.size() == 5 ? FRAMES : 1;
    int channels = all / area / frames;
    int[] order = new int[channels * area];
    for (int i = 0; i < order.length; i++) {
      int channel = i / area;
      int within = i % area;
      order[i] =
          stored.size() == 2
              ? within * channels + channel
              : (channel * frames + frame) * area + within;
    }
    return order;
  }

  /** Rows of a patch embedding, with some of the values of each in another order. */
  @SuppressWarnings("ArrayRecordComponent")
  private record KernelRows(Rows source, long rows, int[] order) implements Rows {

    @Override
    public int columns() {
      return order.length;
    }

    @Override
    public void read(long first, int count, float[] target, int offset) {
      int each = Math.toIntExact(source.rows() / rows);
      float[] row = new float[each * source.columns()];
      for (int i = 0; i < count; i++) {
        source.read((first + i) * each, each, row, 0);
        for (int k = 0; k < order.length; k++) {
          target[offset + i * order.length + k] = row[order[k]];
        }
      }
    }
  }

  /** Writes the file, and returns it. */
  public Path write(Path file) {
    GgufWriter.write(file, metadata, tensors);
    return file;
  }

  private GgufMetadata metadata(String name) {
    GgufMetadata.Builder target = GgufMetadata.builder();
    target.string("general.architecture", "clip");
    target.string("general.type", "mmproj");
    target.string("general.name", name);
    target.uint32(GgufFamily.FILE_TYPE, type == TensorType.F32 ? 0 : 1);
    target.bool("clip.has_vision_encoder", true);
    List<Long> kernel = shape(KERNEL);
    long patch = kernel.get(0);
    PictureFamily family = tower.family();
    target.uint32(VISION + "projection_dim", weights.width());
    target.uint32(
        VISION + "image_size",
        has(POSITIONS)
            ? Math.round(Math.sqrt(shape(POSITIONS).get(1))) * patch
            : facts.vision().positiveInt("image_size", WITHOUT_TABLE));
    target.uint32(VISION + "patch_size", patch);
    target.uint32(VISION + "embedding_length", kernel.get(3));
    target.uint32(VISION + "feed_forward_length", shape("v.blk.0.ffn_up.weight").get(1));
    target.uint32(
        VISION + "block_count",
        tensors.stream().filter(tensor -> tensor.name().endsWith(".ln1.weight")).count());
    target.uint32(
        VISION + "attention.head_count",
        facts.vision().positiveInt(family.headsField(), family.heads()));
    target.float32s(VISION + "image_mean", facts.channels("image_mean"));
    target.float32s(VISION + "image_std", facts.channels("image_std"));
    target.string("clip.projector_type", family.type());
    target.float32(
        VISION + "attention.layer_norm_epsilon",
        (float) facts.vision().positiveNumber(family.epsField(), family.eps()));
    family.keys().accept(facts, target);
    target.uint32("general.quantization_version", 2);
    return target.build();
  }

  private boolean has(String name) {
    return tensors.stream().anyMatch(tensor -> tensor.name().equals(name));
  }

  private List<Long> shape(String name) {
    return tensors.stream()
        .filter(tensor -> tensor.name().equals(name))
        .map(TensorSource::shape)
        .findFirst()
        .orElseThrow(
            () -> new CheckpointException(name + ": the checkpoint has no tensor for it."));
  }
}
