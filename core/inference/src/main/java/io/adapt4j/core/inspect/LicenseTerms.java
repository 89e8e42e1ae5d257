package io.adapt4j.core.inspect;

import io.adapt4j.core.inspect.ModelWarning.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Known terms of a license, by its identifier and name. An aid for reading it, not legal advice.
 */
final class LicenseTerms {

  private static final Pattern NON_COMMERCIAL =
      Pattern.compile(
          "(.*\\b)?(nc|non-?commercial|research-(only|license|licence)|(h|intel|qwen|apple)-research"
              + "|apple-amlr|mrl|mnpl|deepfloyd-if-license|academic-(use|only|research))(\\b.*)?");

  private static final Pattern NO_DERIVATIVES = Pattern.compile("cc-by-(nc-)?nd\\b.*");

  private static final Pattern CONDITIONS =
      Pattern.compile(
          "(llama|gemma|.*\\bopenrail|.*\\brail-|bigscience|.*-community|.*\\bcommunity-).*");

  private static final Pattern SHARE_ALIKE =
      Pattern.compile("(cc-by-(nc-)?sa|[al]?gpl|gfdl|osl|eupl|odbl|cdla-sharing|epl|mpl).*");

  private static final Pattern PERMISSIVE =
      Pattern.compile(
          "(apache-|mit$|bsd|cc0|cc-by-[0-9]|cc-by$|unlicense|zlib|isc$|wtfpl|bsl-|afl-|artistic-"
              + "|ecl-|ms-pl|ncsa|postgresql|pddl|odc-by|cdla-permissive|c-uda|etalab|ofl-|lppl"
              + "|openmdw|open-mdw|apple-ascl).*");

  private static final Pattern NON_COMMERCIAL_TEXT =
      Pattern.compile(
          "non-?\\s*commercial|research\\s+(purposes?\\s+)?only|not\\s+for\\s+commercial",
          Pattern.CASE_INSENSITIVE);

  private LicenseTerms() {}

  /**
   * Warns about the terms of a license. The text is the license's own, if the model folder has it.
   */
  static List<ModelWarning> warnings(ModelCard card, Optional<String> text, boolean commercial) {
    if (card.license().isEmpty()) {
      return List.of(notStated(card, text));
    }
    String title = title(card);
    List<String> names = names(card);
    List<ModelWarning> warnings = new ArrayList<>();
    boolean nonCommercial = any(NON_COMMERCIAL, names);
    if (nonCommercial && commercial) {
      warnings.add(
          new ModelWarning(
              Kind.LICENSE_FORBIDS_COMMERCIAL_USE,
              title
                  + " forbids commercial use, of models fine-tuned from this one too. Choose"
                  + " another base model, or get the owner's permission."));
    }
    if (any(NO_DERIVATIVES, names)) {
      warnings.add(
          new ModelWarning(
              Kind.LICENSE_FORBIDS_CHANGES,
              title
                  + " forbids sharing changed versions, and a fine-tuned model or adapter is one."
                  + " Keep the result to yourself, or choose another base model."));
    }
    if (any(CONDITIONS, names) || any(SHARE_ALIKE, names)) {
      warnings.add(
          new ModelWarning(
              Kind.LICENSE_HAS_CONDITIONS,
              title
                  + " permits use on conditions, which pass to models fine-tuned from this one."
                  + " Read its text, and ship what it asks for."));
    } else if (!nonCommercial && !any(NO_DERIVATIVES, names) && !any(PERMISSIVE, names)) {
      warnings.add(
          new ModelWarning(
              Kind.LICENSE_UNKNOWN,
              ("%s is not a license whose terms are known here. Read its text before you use"
                      + " the model%s.%s")
                  .formatted(
                      title, card.licenseLink().map(link -> ": " + link).orElse(""), hint(text))));
    }
    return List.copyOf(warnings);
  }

  private static String hint(Optional<String> text) {
    if (text.isEmpty()) {
      return "";
    }
    return NON_COMMERCIAL_TEXT.matcher(text.get()).find()
        ? " The license file in the folder speaks of non-commercial use or research only."
        : " There is a license file in the folder.";
  }

  private static ModelWarning notStated(ModelCard card, Optional<String> text) {
    String own =
        card.sections().keySet().stream()
            .filter(heading -> heading.toLowerCase(Locale.ROOT).matches(".*licen[cs]e.*"))
            .findFirst()
            .map(heading -> " The card has a section '" + heading + "': read it.")
            .orElse("");
    return new ModelWarning(
        Kind.LICENSE_NOT_STATED,
        "The model card states no license, and without one nothing is permitted."
            + own
            + hint(text)
            + " Find the license where the model was published, or choose another model.");
  }

  private static String title(ModelCard card) {
    String id = card.license().orElseThrow();
    return "The license '" + card.licenseName().map(name -> id + ": " + name).orElse(id) + "'";
  }

  /** Returns all names of a license, normalized like identifiers. */
  private static List<String> names(ModelCard card) {
    List<String> names = new ArrayList<>(List.of(card.license().orElseThrow().split(",")));
    card.licenseName().ifPresent(names::add);
    return names.stream()
        .map(name -> name.strip().toLowerCase(Locale.ROOT).replaceAll("[\\s_]+", "-"))
        .toList();
  }

  private static boolean any(Pattern pattern, List<String> names) {
    return names.stream().anyMatch(name -> pattern.matcher(name).matches());
  }
}
