package io.adapt4j.benchmarks.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says how a program with a {@code main} method takes part in a run of all benchmarks. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface InSuite {

  /**
   * Command lines of the quick profile, each run in its own process.
   *
   * @return options separated by blanks; an empty text for a run without options
   */
  String[] quick() default {};

  /**
   * Command lines of the full profile.
   *
   * @return options separated by blanks
   */
  String[] full() default {};

  /**
   * Files and folders without which the program cannot run and is skipped.
   *
   * @return paths from the repository's root
   */
  String[] needs() default {};

  /**
   * Flags of the JVM that the program's figures depend on.
   *
   * @return flags
   */
  String[] jvm() default {};

  /**
   * Why the program takes no part.
   *
   * @return the reason; empty if it does
   */
  String leftOut() default "";
}
