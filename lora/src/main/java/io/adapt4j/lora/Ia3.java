package io.adapt4j.lora;

import io.adapt4j.core.method.FineTuningMethod;
import java.util.List;
import java.util.Optional;

/**
 * (IA)3 (Liu et al. 2022): the base stays as it is, and learned vectors multiply keys, values and
 * the input of the MLP's last projection. Trains some hundredths of a percent of the model and
 * wants a high learning rate: its default is 3e-3 for next tokens. Saved as a PEFT adapter folder.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Ia3 implements FineTuningMethod {

  private final Optional<Ia3Config> chosen;
  private final List<String> modulesToSave;

  private Ia3(Optional<Ia3Config> chosen, List<String> modulesToSave) {
    this.chosen = chosen;
    this.modulesToSave = List.copyOf(modulesToSave);
  }

  /**
   * Makes the method with the modules PEFT chooses for a family: keys, values and the MLP's last
   * projection.
   *
   * @return the method
   */
  public static Ia3 create() {
    return new Ia3(Optional.empty(), List.of());
  }

  /**
   * Chooses the modules.
   *
   * @param targets projections that are scaled
   * @param feedforward those of them that are scaled at their input
   * @return a changed copy
   */
  public Ia3 targets(Targets targets, Targets feedforward) {
    return new Ia3(Optional.of(Ia3Config.of(targets, Optional.of(feedforward))), modulesToSave);
  }

  /**
   * Names modules that train in full and are saved with the vectors, as {@link Lora#modulesToSave}
   * does. What scores classes is among them by itself.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Ia3 modulesToSave(String... modules) {
    SavedModules.requireNames(modules);
    return new Ia3(chosen, List.of(modules));
  }

  List<String> modulesToSave() {
    return modulesToSave;
  }

  /** The modules that were chosen; empty for those that PEFT chooses. */
  Optional<Ia3Config> modules() {
    return chosen;
  }

  @Override
  public String description() {
    return "(IA)3" + chosen.map(ia3Config -> " targets=" + ia3Config.modules()).orElse("");
  }
}
