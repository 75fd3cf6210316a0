"""The results, one file each: derived from the definitions, compared with the claim.

``python -m derivations`` runs them all. A result's file may import the results it
rests on; the library never imports from here.
"""
