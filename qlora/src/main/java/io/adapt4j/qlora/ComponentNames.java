package io.adapt4j.qlora;

import io.adapt4j.kernels.internal.FourBitCode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Names of the tensors that store a quantized weight. */
record ComponentNames(String weight) {

  private static final String STATE = ".quant_state.bitsandbytes__";

  private static final List<String> OTHERS =
      List.of(".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map");

  String absmax() {
    return weight + ".absmax";
  }

  String numbers() {
    return weight + ".quant_map";
  }

  String nestedAbsmax() {
    return weight + ".nested_absmax";
  }

  String nestedNumbers() {
    return weight + ".nested_quant_map";
  }

  String state(FourBitCode type) {
    return weight + STATE + type.fileName();
  }

  /** Returns the state's name among those of a checkpoint; empty if the weight is not quantized. */
  Optional<String> findState(Set<String> stored) {
    return Stream.of(FourBitCode.values()).map(this::state).filter(stored::contains).findAny();
  }

  /** Returns the weight a component belongs to; empty if the name is not a component's. */
  static Optional<String> weightOf(String name) {
    int state = name.indexOf(STATE);
    if (state > 0) {
      return Optional.of(name.substring(0, state));
    }
    return OTHERS.stream()
        .filter(suffix -> name.endsWith(suffix) && name.length() > suffix.length())
        .map(suffix -> name.substring(0, name.length() - suffix.length()))
        .findAny();
  }
}
