package io.adapt4j.core.inspect;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A model card: the {@code README.md} of a model folder, in Hugging Face's form, with YAML front
 * matter and Markdown. Immutable.
 *
 * @param license identifier of the license, such as {@code apache-2.0}; {@code other} for one with
 *     its own name; several are joined by commas
 * @param licenseName {@code license_name}, where the license is {@code other}
 * @param licenseLink {@code license_link}: location of its text
 * @param languages language codes
 * @param datasets data sets it was trained on, as the card names them
 * @param baseModels models that it was derived from
 * @param pipelineTag its task, such as {@code text-generation}
 * @param libraryName the library it was made for
 * @param tags free labels
 * @param sections every section of the text by its heading without markup, in order: the Markdown
 *     below the heading up to the next one of the same or a higher level, so subsections are part
 *     of it; of several with one heading the first
 * @param limitations the sections whose headings speak of limitations, bias, risks, ethics, safety,
 *     misuse or uses out of scope, in order; one that is part of another is not listed again
 * @param text the Markdown without the front matter
 * @see <a href="https://huggingface.co/docs/hub/model-cards">Model cards</a>
 */
public record ModelCard(
    Optional<String> license,
    Optional<String> licenseName,
    Optional<String> licenseLink,
    List<String> languages,
    List<String> datasets,
    List<String> baseModels,
    Optional<String> pipelineTag,
    Optional<String> libraryName,
    List<String> tags,
    Map<String, String> sections,
    Map<String, String> limitations,
    String text) {

  /** Name of the file in a model folder. */
  public static final String FILE = "README.md";

  private static final long MAX_BYTES = 16_000_000;

  private static final Pattern LIMITATIONS =
      Pattern.compile(
          "\\b(limitations?|bias|biases|risks?|caveats?|ethic(s|al)|misuse|harms?|safety|disclaimer"
              + "|out[- ]of[- ]scope|(prohibited|restricted) uses?|known issues|responsible)\\b",
          Pattern.CASE_INSENSITIVE);

  /** Copies the lists. */
  public ModelCard {
    languages = List.copyOf(languages);
    datasets = List.copyOf(datasets);
    baseModels = List.copyOf(baseModels);
    tags = List.copyOf(tags);
    sections = Collections.unmodifiableMap(new LinkedHashMap<>(sections));
    limitations = Collections.unmodifiableMap(new LinkedHashMap<>(limitations));
  }

  /**
   * Reads the card of a model folder.
   *
   * @param folder the model folder
   * @return the card; an empty one if the folder has none
   * @throws CheckpointException if the file cannot be read or its front matter is malformed; the
   *     message names the line
   */
  public static ModelCard read(Path folder) {
    Path file = folder.resolve(FILE);
    return Files.isRegularFile(file) ? parse(file, readText(file)) : empty();
  }

  /**
   * Parses the text of a card.
   *
   * @param file the file to name in errors
   * @param text the text
   * @return the card
   * @throws CheckpointException if its front matter is malformed; the message names the line
   */
  public static ModelCard parse(Path file, String text) {
    FrontMatter front = FrontMatter.of(file, text);
    List<CardSection> sections = MarkdownSections.of(front.body());
    return new ModelCard(
        front.text("license"),
        front.text("license_name"),
        front.text("license_link"),
        front.texts("language"),
        front.texts("datasets"),
        front.texts("base_model"),
        front.text("pipeline_tag"),
        front.text("library_name"),
        front.texts("tags"),
        byHeading(sections),
        byHeading(limitations(sections)),
        front.body().strip());
  }

  /**
   * Returns an empty card.
   *
   * @return the card of a folder without one
   */
  public static ModelCard empty() {
    Optional<String> none = Optional.empty();
    return new ModelCard(
        none, none, none, List.of(), List.of(), List.of(), none, none, List.of(), Map.of(),
        Map.of(), "");
  }

  /**
   * Finds a section by its heading.
   *
   * @param heading the heading without markup, in any case
   * @return the text of the first section with this heading
   */
  public Optional<String> section(String heading) {
    return sections.entrySet().stream()
        .filter(section -> section.getKey().equalsIgnoreCase(heading))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private static Map<String, String> byHeading(List<CardSection> sections) {
    Map<String, String> texts = new LinkedHashMap<>();
    sections.forEach(section -> texts.putIfAbsent(section.heading(), section.text()));
    return texts;
  }

  private static List<CardSection> limitations(List<CardSection> sections) {
    List<CardSection> found = new ArrayList<>();
    int enclosing = Integer.MAX_VALUE;
    for (CardSection section : sections) {
      if (section.level() > enclosing) {
        continue;
      }
      boolean matches = LIMITATIONS.matcher(section.heading()).find();
      enclosing = matches ? section.level() : Integer.MAX_VALUE;
      if (matches) {
        found.add(section);
      }
    }
    return found;
  }

  private static String readText(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CheckpointException(
            "%s: expected at most %s bytes, found %s. Check that it is a model card."
                .formatted(file, MAX_BYTES, Files.size(file)));
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new CheckpointException(
          file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
    }
  }
}
