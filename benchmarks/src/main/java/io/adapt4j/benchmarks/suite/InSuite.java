package io.adapt4j.benchmarks.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Declares how a program with a {@code main} method takes part in a run of all benchmarks. */
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
   * Required files and folders, without which the program is skipped.
   *
   * @return paths from the repository's root
   */
  String[] needs() default {};

  /**
   * JVM flags that the program's measurements depend on.
   *
   * @return flags
   */
  String[] jvm() default {};

  /**
   * Reason why the program does not take part.
   *
   * @return the reason; empty if it does
   */
  String leftOut() default "";
}
