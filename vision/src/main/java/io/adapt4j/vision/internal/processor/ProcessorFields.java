package io.adapt4j.vision.internal.processor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.vision.internal.image.Filter;
import io.adapt4j.vision.internal.image.Resampling;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Fields of a folder's processor files. A field that nobody has asked for is refused by {@link
 * #finish}, unless it is null.
 *
 * <p>Not thread-safe; used while a processor is created.
 */
final class ProcessorFields {

  private static final String IMAGE_FILE = "preprocessor_config.json";
  private static final String PROCESSOR_FILE = "processor_config.json";

  /** Files of a processor, of which a folder has one or both. */
  static final List<String> FILES = List.of(IMAGE_FILE, PROCESSOR_FILE);

  private static final String NESTED = "image_processor";
  private static final String BACKEND = "backend";
  private static final String SPECIAL = "add_special_tokens";

  /** Fields that say how a result is handed over, or who wrote the file. */
  private static final List<String> WITHOUT_EFFECT =
      List.of(
          "image_processor_type",
          "feature_extractor_type",
          "processor_class",
          "use_fast",
          "_valid_processor_keys",
          "disable_grouping",
          "default_to_square",
          "do_convert_rgb");

  private final Path folder;
  private final String modelType;
  private final boolean nested;
  private final ConfigReader image;
  private final ConfigReader processor;
  private final Map<String, ?> options;
  private final Set<String> known = new HashSet<>();
  private final Set<String> knownOfProcessor = new HashSet<>();

  private ProcessorFields(
      Path folder,
      String modelType,
      boolean nested,
      ConfigReader image,
      ConfigReader processor,
      Map<String, ?> options) {
    this.folder = folder;
    this.modelType = modelType;
    this.nested = nested;
    this.image = image;
    this.processor = processor;
    this.options = options;
  }

  static ProcessorFields read(Path folder) {
    Path file = folder.resolve(PROCESSOR_FILE);
    ConfigReader processor =
        Files.exists(file) ? ConfigReader.read(file) : ConfigReader.parse(file, "{}");
    Optional<ConfigReader> child = processor.child(NESTED);
    ConfigReader image = child.orElseGet(() -> ConfigReader.read(folder.resolve(IMAGE_FILE)));
    String type = ConfigReader.read(folder.resolve("config.json")).requireText("model_type");
    return new ProcessorFields(folder, type, child.isPresent(), image, processor, Map.of());
  }

  /** Returns the same fields with other values for some of them. */
  ProcessorFields with(Map<String, ?> changes) {
    ObjectNode json = image.json();
    changes.forEach((name, value) -> json.set(name, new ObjectMapper().valueToTree(value)));
    ConfigReader changed = ConfigReader.parse(image.file(), Json.compact(json));
    Map<String, Object> all = new HashMap<>(options);
    all.putAll(changes);
    return new ProcessorFields(folder, modelType, nested, changed, processor, all);
  }

  Path folder() {
    return folder;
  }

  String modelType() {
    return modelType;
  }

  int positive(String name, int otherwise) {
    known.add(name);
    return image.positiveInt(name, otherwise);
  }

  double positiveNumber(String name, double otherwise) {
    known.add(name);
    return image.positiveNumber(name, otherwise);
  }

  boolean bool(String name, boolean otherwise) {
    known.add(name);
    return image.bool(name, otherwise);
  }

  Optional<String> text(String name) {
    known.add(name);
    return image.optionalText(name);
  }

  boolean has(String name) {
    known.add(name);
    return image.has(name);
  }

  /** Returns a size by its parts; an older file's single number is used for each of them. */
  int[] size(String name, int[] otherwise, String... parts) {
    known.add(name);
    if (!image.has(name)) {
      return otherwise;
    }
    if (image.json().path(name).isNumber()) {
      int[] all = new int[parts.length];
      Arrays.fill(all, image.positiveInt(name, 0));
      return all;
    }
    ConfigReader size = image.child(name).orElseThrow();
    size.json()
        .properties()
        .forEach(
            part -> {
              if (!part.getValue().isNull() && !List.of(parts).contains(part.getKey())) {
                throw refused(
                    name + "." + part.getKey(),
                    part.getValue(),
                    "only " + String.join(", ", parts));
              }
            });
    return Arrays.stream(parts).mapToInt(size::requirePositiveInt).toArray();
  }

  /** Returns whether a size has a part, or the other value if the file has no size or a number. */
  boolean sizeHas(String name, String part, boolean otherwise) {
    known.add(name);
    JsonNode size = image.json().path(name);
    return size.isObject() ? size.hasNonNull(part) : otherwise;
  }

  /** Reads an integer of {@code processor_config.json}. */
  int ofProcessor(String name, int otherwise) {
    knownOfProcessor.add(name);
    return processor.positiveInt(name, otherwise);
  }

  /** Reads a boolean of {@code processor_config.json}. */
  boolean ofProcessor(String name, boolean otherwise) {
    knownOfProcessor.add(name);
    return processor.bool(name, otherwise);
  }

  /** Returns whether prompts get the tokens that the tokenizer adds to a text, such as bos. */
  boolean addsSpecialTokens(boolean otherwise) {
    return option(SPECIAL, otherwise);
  }

  /** Returns an option, whatever the file says. */
  boolean option(String name, boolean otherwise) {
    return options.containsKey(name) ? bool(name, otherwise) : otherwise;
  }

  /** Reads a list of pairs of positive integers. */
  List<int[]> pairs(String name, List<int[]> otherwise) {
    known.add(name);
    if (!image.has(name)) {
      return otherwise;
    }
    List<int[]> pairs = new ArrayList<>();
    for (JsonNode pair : image.json().path(name)) {
      if (pair.size() != 2 || pair.path(0).asInt() < 1 || pair.path(1).asInt() < 1) {
        throw image.invalid(name, "pairs of positive integers", "Correct the value.");
      }
      pairs.add(new int[] {pair.path(0).asInt(), pair.path(1).asInt()});
    }
    if (pairs.isEmpty()) {
      throw image.invalid(name, "pairs of positive integers", "Correct the value.");
    }
    return pairs;
  }

  /** Reads an integer of {@code processor_config.json} that may be 0. */
  int wholeOfProcessor(String name, int otherwise) {
    knownOfProcessor.add(name);
    return processor.optionalInt(name).orElse(otherwise);
  }

  /** Reads a string of {@code processor_config.json}. */
  String textOfProcessor(String name, String otherwise) {
    knownOfProcessor.add(name);
    return processor.optionalText(name).orElse(otherwise);
  }

  /** Requires fields to be absent, null, or this value, which changes nothing. */
  void neutral(JsonNode value, String... names) {
    for (String name : names) {
      known.add(name);
      JsonNode found = image.json().path(name);
      if (!found.isMissingNode() && !found.isNull() && !found.equals(value)) {
        throw refused(name, found, value.isNull() ? "no value" : value.toString());
      }
    }
  }

  void requireTrue(String... names) {
    neutral(JsonNodeFactory.instance.booleanNode(true), names);
  }

  void requireFalse(String... names) {
    neutral(JsonNodeFactory.instance.booleanNode(false), names);
  }

  Filter filter(Filter otherwise) {
    known.add("resample");
    OptionalInt number = image.optionalInt("resample");
    return number.isEmpty()
        ? otherwise
        : Filter.numbered(number.getAsInt())
            .orElseThrow(
                () ->
                    image.invalid(
                        "resample", "a number from 0 to 5", "Use the number of Pillow's filter."));
  }

  /**
   * Returns the library that the file's class uses. Up to Transformers 4 a name that ends in {@code
   * Fast} means torchvision; in 5, which writes one file, one that does not end in {@code Pil}.
   * torchvision has no Lanczos filter, so that one is always Pillow's.
   */
  Resampling backend(Filter filter) {
    known.add(BACKEND);
    if (options.containsKey(BACKEND)) {
      return image.requireText(BACKEND).equals("torchvision")
          ? Resampling.TORCHVISION
          : Resampling.PILLOW;
    }
    String type = image.optionalText("image_processor_type").orElse("");
    boolean torch =
        !type.endsWith("Pil") && (type.endsWith("Fast") || image.bool("use_fast", nested));
    return torch && filter != Filter.LANCZOS ? Resampling.TORCHVISION : Resampling.PILLOW;
  }

  Normalizer normalizer(Resampling backend, double[] mean, double[] std) {
    double scale = bool("do_rescale", true) ? positiveNumber("rescale_factor", 1 / 255.0) : 1;
    known.add("rescale_factor");
    boolean normalizes = bool("do_normalize", true);
    double[] means = channels("image_mean", mean, true);
    double[] stds = channels("image_std", std, false);
    return Normalizer.of(
        backend != Resampling.PILLOW,
        scale,
        normalizes ? means : new double[3],
        normalizes ? stds : new double[] {1, 1, 1});
  }

  double[] channels(String name, double[] otherwise, boolean mayBeZero) {
    known.add(name);
    if (!image.has(name)) {
      return otherwise;
    }
    JsonNode node = image.json().path(name);
    double[] values = new double[3];
    for (int i = 0; i < 3; i++) {
      JsonNode value = node.isArray() && node.size() == 3 ? node.get(i) : node;
      values[i] = value.doubleValue();
      if (!value.isNumber() || values[i] < 0 || (values[i] == 0 && !mayBeZero)) {
        throw image.invalid(name, "a number for each of 3 channels", "Correct the value.");
      }
    }
    return values;
  }

  /** Refuses fields that were not read. */
  void finish() {
    known.addAll(WITHOUT_EFFECT);
    neutral(JsonNodeFactory.instance.textNode("channels_first"), "data_format");
    neutral(
        JsonNodeFactory.instance.nullNode(),
        "input_data_format",
        "device",
        "return_tensors",
        "pad_size");
    refuseUnknown(image, known);
    knownOfProcessor.addAll(
        List.of("processor_class", NESTED, "video_processor", "chat_template", "auto_map"));
    refuseUnknown(processor, knownOfProcessor);
  }

  private void refuseUnknown(ConfigReader reader, Set<String> names) {
    reader
        .json()
        .properties()
        .forEach(
            field -> {
              if (!field.getValue().isNull() && !names.contains(field.getKey())) {
                throw CheckpointException.inField(
                    reader.file(),
                    field.getKey(),
                    "a field that pictures of " + modelType + " are processed by",
                    field.getValue().toString(),
                    "Remove the field if it does not change pictures.");
              }
            });
  }

  private CheckpointException refused(String name, JsonNode found, String expected) {
    return CheckpointException.inField(
        image.file(), name, expected, found.toString(), "Other values are not supported.");
  }
}
