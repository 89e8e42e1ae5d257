package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.DataOrigin;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.regularization.Regularization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The key {@code regularize}: a list of terms by name. Reference data is described like training
 * data; of a split, the training part is used.
 */
final class RegularizationKeys {

  private static final String KEY = "regularize";
  private static final String EWC = "ewc";
  private static final String L2 = "l2ToBase";
  private static final String KL = "klToBase";
  private static final String STRENGTH = "strength";
  private static final String ON = "on";
  private static final String FROM = "from";
  private static final String EVERY = "every";

  private RegularizationKeys() {}

  static Optional<List<Regularization>> read(Fields fields) {
    List<Regularization> terms = new ArrayList<>();
    for (Fields keys : fields.mappings(KEY)) {
      List<String> names = List.copyOf(keys.written());
      if (names.size() != 1) {
        keys.problem("", "expected one term with its options, found " + names + ". Name one.");
        continue;
      }
      String name = names.get(0);
      if (!List.of(EWC, L2, KL).contains(name)) {
        keys.refuse("", name, List.of(EWC, L2, KL));
        continue;
      }
      keys.mapping(name)
          .ifPresentOrElse(
              options -> {
                term(name, options).ifPresent(terms::add);
                options.finish();
              },
              () -> keys.problem(name, "expected options, found none. Write its strength."));
    }
    return terms.isEmpty() ? Optional.empty() : Optional.of(terms);
  }

  private static Optional<Regularization> term(String name, Fields options) {
    double strength = options.number(STRENGTH, "of at least 0", value -> value >= 0).orElse(1.0);
    return switch (name) {
      case L2 -> {
        options.require(STRENGTH, "1e-3 to 10 are usual for full fine-tuning.");
        yield Optional.of(Regularization.l2ToBase(strength));
      }
      case EWC -> ewc(options).map(term -> term.strength(strength));
      default -> {
        options.require(ON, "Write 'on: {path: FILE}' with examples not to be forgotten.");
        int every = options.integer(EVERY, 1).orElse(1);
        yield data(options).map(rows -> Regularization.klToBase(rows, every).strength(strength));
      }
    };
  }

  private static Optional<Regularization> ewc(Fields options) {
    options.exclude(ON, FROM);
    Optional<Path> file = options.file(FROM);
    if (options.written().contains(FROM)) {
      options.find(ON);
      return file.map(Regularization::ewc);
    }
    options.require(
        ON, "Write 'on: {path: FILE}' with examples not to be forgotten, or 'from: FISHER FILE'.");
    return data(options).map(Regularization::ewc);
  }

  private static Optional<Dataset> data(Fields options) {
    return options.mapping(ON).flatMap(DataDescription::open).map(Split::train);
  }

  /** Writes the terms; empty if there are none, or if the data of one cannot be described. */
  static Optional<ArrayNode> write(FineTuneSettings settings) {
    List<Regularization> terms = settings.regularizations();
    if (terms.isEmpty() || omitted(terms).isPresent()) {
      return Optional.empty();
    }
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    terms.forEach(term -> all.add(write(term)));
    return Optional.of(all);
  }

  private static JsonNode write(Regularization term) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(term.name()).put(STRENGTH, term.strength());
    if (term.name().equals(KL)) {
      options.put(EVERY, term.every());
    }
    term.fisher()
        .ifPresent(file -> options.put(FROM, file.toAbsolutePath().normalize().toString()));
    writeData(term, options);
    return keys;
  }

  private static void writeData(Regularization term, ObjectNode options) {
    term.reference()
        .flatMap(data -> data.origin().description())
        .map(Json::written)
        .ifPresent(data -> options.set(ON, data));
  }

  /** Returns why reference data cannot be described; empty if all of it can. */
  static Optional<String> omitted(List<Regularization> terms) {
    return terms.stream()
        .flatMap(term -> term.reference().stream())
        .map(Dataset::origin)
        .filter(origin -> origin.description().isEmpty())
        .map(DataOrigin::reason)
        .findFirst();
  }
}
