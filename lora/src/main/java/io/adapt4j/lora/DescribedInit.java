package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@link LoraInit} as data: {@code kaiming}, {@code gaussian}, {@code orthogonal}, {@code olora},
 * {@code pissa}, or {@code {pissa: {iterations: 16}}}, {@code eva}, or {@code {eva: {rho: 1}}}.
 */
final class DescribedInit {

  private static final String PISSA = "pissa";
  private static final String ITERATIONS = "iterations";
  private static final String EVA = "eva";
  private static final String RHO = "rho";
  private static final String TAU = "tau";
  private static final String LABEL_MASK = "useLabelMask";
  private static final String WHITEN = "whiten";
  private static final String ADJUST = "adjustScalingFactors";

  private DescribedInit() {}

  static Optional<LoraInit> read(Fields fields, String key) {
    Optional<Fields.Named> named = fields.named(key);
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String name = named.get().name();
    Fields options = named.get().options();
    Optional<LoraInit> init =
        switch (name) {
          case PISSA -> pissa(options);
          case EVA -> Optional.of(eva(options));
          default -> plain(name).map(plain -> plain);
        };
    if (name.equals(PISSA) || init.isPresent()) {
      options.finish();
    } else {
      Stream<String> names = Arrays.stream(LoraInit.Plain.values()).map(Fields::written);
      fields.refuse(key, name, Stream.concat(names, Stream.of(EVA, PISSA)).sorted().toList());
    }
    return init;
  }

  private static LoraInit eva(Fields options) {
    LoraInit.Eva usual = LoraInit.eva();
    double rho =
        options.number(RHO, "from 1 to 1000", v -> v >= 1 && v <= 1000).orElse(usual.rho());
    double tau =
        options.number(TAU, "above 0 and at most 1", v -> v > 0 && v <= 1).orElse(usual.tau());
    return new LoraInit.Eva(
        rho,
        tau,
        options.flag(LABEL_MASK).orElse(usual.useLabelMask()),
        options.flag(WHITEN).orElse(usual.whiten()),
        options.flag(ADJUST).orElse(usual.adjustScalingFactors()));
  }

  private static Optional<LoraInit.Plain> plain(String name) {
    return Arrays.stream(LoraInit.Plain.values())
        .filter(plain -> Fields.written(plain).equals(name))
        .findFirst();
  }

  private static Optional<LoraInit> pissa(Fields options) {
    if (!options.written().contains(ITERATIONS)) {
      return Optional.of(LoraInit.pissa());
    }
    LoraInit[] made = new LoraInit[1];
    options
        .integer(ITERATIONS, 1)
        .ifPresent(count -> options.attempt(ITERATIONS, () -> made[0] = LoraInit.pissa(count)));
    return Optional.ofNullable(made[0]);
  }

  static void write(LoraInit init, String key, ObjectNode options) {
    if (init instanceof LoraInit.Plain plain) {
      options.put(key, Fields.written(plain));
    } else if (init instanceof LoraInit.Pissa pissa) {
      ObjectNode own = options.putObject(key).putObject(PISSA);
      if (pissa.iterations() > 0) {
        own.put(ITERATIONS, pissa.iterations());
      }
    } else if (init instanceof LoraInit.Eva eva) {
      options
          .putObject(key)
          .putObject(EVA)
          .put(RHO, eva.rho())
          .put(TAU, eva.tau())
          .put(LABEL_MASK, eva.useLabelMask())
          .put(WHITEN, eva.whiten())
          .put(ADJUST, eva.adjustScalingFactors());
    }
  }
}
