package io.adapt4j.verification;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.ref.SoftReference;

/** The main classes of all modules, read once for all tests of a process while there is memory. */
final class ImportedClasses {

  private static SoftReference<JavaClasses> imported = new SoftReference<>(null);

  private ImportedClasses() {}

  static synchronized JavaClasses all() {
    JavaClasses classes = imported.get();
    if (classes == null) {
      classes =
          new ClassFileImporter()
              .withImportOption(new ImportOption.DoNotIncludeTests())
              .withImportOption(location -> !location.contains("test-support"))
              .importPackages("io.adapt4j");
      imported = new SoftReference<>(classes);
    }
    return classes;
  }
}
