package io.adapt4j.benchmarks.harness;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Declares how a program with a {@code main} method takes part in a run of all benchmarks. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface InSuite {

  /**
   * Command lines of the quick profile, each run in its own process: options separated by blanks.
   */
  String[] quick() default {};

  /** Command lines of the full profile. */
  String[] full() default {};

  /** Command lines of the published profile. */
  String[] published() default {};

  /**
   * Required files and folders from the repository's root, without which the program is skipped.
   */
  String[] needs() default {};

  /** JVM flags that the program's measurements depend on. */
  String[] jvm() default {};

  /** Reason why the program does not take part. */
  String leftOut() default "";
}
