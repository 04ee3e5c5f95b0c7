# ends: badly
# says: RequestedAssertionFailed: 1 != 2
# logs: Test "numbers" failed with error: "
with subtest("numbers"):
    t.assertEqual(1, 2)
