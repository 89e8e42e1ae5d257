package io.adapt4j.core.augment;

import io.adapt4j.core.data.PromptTemplate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Checks of options. */
final class Checks {

  private Checks() {}

  static int atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
    return value;
  }

  static double share(String name, double value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be above 0 and up to 1, found " + value);
    }
    return value;
  }

  static List<String> texts(String name, String... texts) {
    List<String> copy = List.of(texts);
    if (copy.isEmpty() || copy.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(name + " must be texts, at least one, found " + copy);
    }
    return copy;
  }

  static PromptTemplate template(String name, String template, String... places) {
    for (String place : places) {
      if (!template.contains(place)) {
        throw new IllegalArgumentException(
            name + " must have the place " + place + ", found '" + template + "'");
      }
    }
    return PromptTemplate.of(template);
  }

  static Set<Part> parts(Part... parts) {
    if (parts.length == 0) {
      throw new IllegalArgumentException("parts must be at least one, found none");
    }
    return EnumSet.copyOf(List.of(parts));
  }

  static List<String> fields(String... fields) {
    List<String> copy = List.of(fields);
    if (copy.contains(Augmented.SOURCE) || copy.contains(Augmented.PARAPHRASE)) {
      throw new IllegalArgumentException(
          "fields must not be '%s' or '%s', which the result has itself; found %s"
              .formatted(Augmented.SOURCE, Augmented.PARAPHRASE, copy));
    }
    return copy;
  }
}
