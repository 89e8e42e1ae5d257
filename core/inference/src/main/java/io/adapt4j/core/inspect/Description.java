package io.adapt4j.core.inspect;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Formats the description of a model. */
final class Description {

  private static final String UNKNOWN = "not stated";
  private static final int LISTED = 10;
  private static final int EXCERPT = 300;

  private final StringBuilder text = new StringBuilder();

  private Description() {}

  static String of(ModelInfo info) {
    Description description = new Description();
    description.line("folder", info.folder().toString());
    description.model(info);
    description.weights(info);
    description.tokenizer(info);
    description.card(info.card());
    return description.text.toString();
  }

  private void model(ModelInfo info) {
    ModelShape shape = info.shape();
    line(
        "architecture",
        shape.modelType().orElse(UNKNOWN)
            + (shape.architectures().isEmpty()
                ? ""
                : " (" + String.join(", ", shape.architectures()) + ")"));
    line("supported", supported(info));
    line("context", number(info.contextLength(), " tokens"));
    line("hidden size", number(shape.hiddenSize(), ""));
    line("layers", number(shape.layers(), ""));
    line("vocabulary", number(shape.vocabularySize(), " rows"));
    line(
        "tied embeddings", shape.tiedEmbeddings().map(tied -> tied ? "yes" : "no").orElse(UNKNOWN));
  }

  private static String supported(ModelInfo info) {
    boolean asAnother =
        info.warnings().stream()
            .anyMatch(warning -> warning.kind() == ModelWarning.Kind.READ_AS_KNOWN_FAMILY);
    return info.supported()
        ? asAnother ? "only as another family, which its tensors fit" : "yes"
        : "no: " + info.unsupported().orElseThrow();
  }

  private void weights(ModelInfo info) {
    info.weights()
        .ifPresent(
            weights -> {
              line("parameters", String.format(Locale.ROOT, "%,d", weights.parameters()));
              line("size", bytes(weights.bytes()) + " in " + weights.tensors() + " tensors");
              weights.bytesByType().forEach((type, bytes) -> line("  " + type, bytes(bytes)));
            });
    info.storedQuantization().ifPresent(quantization -> line("quantized", quantization.toString()));
  }

  private void tokenizer(ModelInfo info) {
    info.tokenizer()
        .ifPresent(
            tokenizer -> {
              line(
                  "tokenizer",
                  tokenizer.tokenizerClass().orElse("class " + UNKNOWN)
                      + ", "
                      + tokenizer.vocabularySize()
                      + " ids");
              line(
                  "special tokens",
                  tokenizer.specialTokens().entrySet().stream()
                      .map(entry -> entry.getKey() + " " + entry.getValue())
                      .collect(Collectors.joining(", ")));
            });
    line(
        "chat templates",
        info.chatTemplates().isEmpty() ? "none" : String.join(", ", info.chatTemplates()));
  }

  private void card(ModelCard card) {
    line(
        "license",
        card.license().orElse(UNKNOWN) + more(card.licenseName()) + more(card.licenseLink()));
    line("task", card.pipelineTag().orElse(UNKNOWN));
    line("library", card.libraryName().orElse(UNKNOWN));
    list("languages", card.languages());
    list("data sets", card.datasets());
    list("base models", card.baseModels());
    list("tags", card.tags());
    card.limitations()
        .forEach((heading, text) -> line("limitations", heading + ": " + excerpt(text)));
  }

  private void list(String name, List<String> values) {
    if (!values.isEmpty()) {
      String rest = values.size() > LISTED ? " and " + (values.size() - LISTED) + " more" : "";
      line(name, values.stream().limit(LISTED).collect(Collectors.joining(", ")) + rest);
    }
  }

  /** Strips control characters, which could command a terminal: cards are untrusted. */
  private void line(String name, String value) {
    String printable = value.replaceAll("\\p{Cntrl}+", " ");
    text.append(String.format(Locale.ROOT, "%-16s%s%n", name, printable));
  }

  private static String more(Optional<String> value) {
    return value.map(text -> ", " + text).orElse("");
  }

  private static String number(OptionalInt value, String unit) {
    return value.isPresent() ? value.getAsInt() + unit : UNKNOWN;
  }

  private static String bytes(long bytes) {
    String[] units = {"bytes", "kB", "MB", "GB", "TB"};
    double value = bytes;
    int unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }

  private static String excerpt(String markdown) {
    String plain = markdown.replaceAll("\\s+", " ");
    if (plain.length() <= EXCERPT) {
      return plain;
    }
    int end = Character.isHighSurrogate(plain.charAt(EXCERPT - 1)) ? EXCERPT - 1 : EXCERPT;
    return plain.substring(0, end) + "...";
  }
}
